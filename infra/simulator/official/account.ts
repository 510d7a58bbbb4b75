import { createHash } from 'node:crypto';
import { readChoice, readOptionalText } from '../control-body.ts';
import { controlParamError } from '../control-error.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { PUSH_MODES } from '../settings.ts';
import type { OfficialSettings, PushMode } from '../settings.ts';
import { Menus } from './menus.ts';

/** The current settings for signing and encrypting pushes. */
export interface Sealing {
  appId: string;
  mode: PushMode;
  token: string;
  /** 43 characters; empty if no key was generated. */
  aesKey: string;
}

/**
 * The official account as its console shows it; changes apply at once.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export class OfficialAccount {
  /** The account's `gh_…` id. */
  readonly originalId: string;
  callbackUrl: string;
  readonly menus = new Menus();
  readonly #secrets: IssuedSecrets;
  #sealing: Sealing;

  constructor(settings: OfficialSettings, secrets: IssuedSecrets) {
    const { appId, token, mode = 'secure', aesKey = '' } = settings;
    this.originalId = settings.originalId ?? `gh_${createHash('sha256').update(appId).digest('hex').slice(0, 12)}`;
    this.callbackUrl = settings.callbackUrl;
    this.#secrets = secrets;
    this.#sealing = { appId, mode, token: secrets.record(token), aesKey: secrets.record(aesKey) };
  }

  get sealing(): Sealing {
    return this.#sealing;
  }

  /** Applies the body of `POST /_official`. */
  change(body: Record<string, unknown>): void {
    const mode = readChoice(body, 'mode', PUSH_MODES) ?? this.#sealing.mode;
    const token = readOptionalText(body, 'token', /^[A-Za-z0-9]{3,32}$/) ?? this.#sealing.token;
    const aesKey = readOptionalText(body, 'aesKey', /^[A-Za-z0-9]{43}$/) ?? this.#sealing.aesKey;
    if (mode !== 'plain' && !aesKey) throw controlParamError(`mode ${mode} needs an aesKey`);
    for (const secret of [token, aesKey]) this.#secrets.record(secret);
    this.#sealing = { ...this.#sealing, mode, token, aesKey };
  }
}
