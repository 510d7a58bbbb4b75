import { createHash } from 'node:crypto';
import { readChoice, readOptionalText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { controlParamError } from '../control-error.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { PUSH_MODES } from '../settings.ts';
import type { PushFormat, PushMode, PushSettings } from '../settings.ts';

/** The current settings for signing and encrypting pushes. */
export interface Sealing {
  appId: string;
  mode: PushMode;
  format: PushFormat;
  /** Empty if the app has no message push. */
  token: string;
  /** 43 characters; empty if no key was generated. */
  aesKey: string;
}

/**
 * The message push of one app as its console shows it; changes apply at once.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export class PushConsole {
  /** The app's `gh_…` id. */
  readonly originalId: string;
  callbackUrl: string;
  readonly #secrets: IssuedSecrets;
  #sealing: Sealing;

  constructor(settings: PushSettings & { appId: string }, secrets: IssuedSecrets) {
    const { appId, token = '', mode = 'secure', format = 'xml', aesKey = '' } = settings;
    this.originalId = settings.originalId ?? `gh_${createHash('sha256').update(appId).digest('hex').slice(0, 12)}`;
    this.callbackUrl = settings.callbackUrl ?? '';
    this.#secrets = secrets;
    this.#sealing = { appId, mode, format, token: secrets.record(token), aesKey: secrets.record(aesKey) };
  }

  get sealing(): Sealing {
    return this.#sealing;
  }

  /** The reason why no push can be sent; undefined if one can. */
  get obstacle(): string | undefined {
    if (!this.callbackUrl) return 'no callback URL is configured';
    if (!this.#sealing.token) return 'no token is configured';
    return this.#sealing.mode !== 'plain' && !this.#sealing.aesKey ? 'no EncodingAESKey is configured' : undefined;
  }

  /**
   * Applies the body of a control call.
   * @param formats the formats that the console of the app offers
   */
  change(body: ControlBody, formats: readonly PushFormat[] = [this.#sealing.format]): void {
    const mode = readChoice(body, 'mode', PUSH_MODES) ?? this.#sealing.mode;
    const format = readChoice(body, 'format', formats) ?? this.#sealing.format;
    const token = readOptionalText(body, 'token', /^[A-Za-z0-9]{3,32}$/) ?? this.#sealing.token;
    const aesKey = readOptionalText(body, 'aesKey', /^[A-Za-z0-9]{43}$/) ?? this.#sealing.aesKey;
    const callbackUrl = body.callbackUrl === '' ? '' : readOptionalText(body, 'callbackUrl', /^https?:\/\/./);
    if (callbackUrl && !URL.canParse(callbackUrl)) throw controlParamError('callbackUrl must be an http(s) address');
    if (mode !== 'plain' && !aesKey) throw controlParamError(`mode ${mode} needs an aesKey`);
    for (const secret of [token, aesKey]) this.#secrets.record(secret);
    this.#sealing = { ...this.#sealing, mode, format, token, aesKey };
    this.callbackUrl = callbackUrl ?? this.callbackUrl;
  }
}
