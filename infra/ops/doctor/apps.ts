import { randomBytes } from 'node:crypto';
import { settings, variable, type SecretName } from '../../../lib/core/config.ts';
import { loadPushKeys } from '../../../lib/pushes/push-keys.ts';
import { secrets } from '../../../lib/secrets/secrets.ts';
import { signParts } from '../../../lib/wechat/message-cipher.ts';
import type { PushKeys } from '../../../lib/wechat/open-push.ts';
import { publicJwkSet } from '../../../lib/identity/session-token.ts';
import { readPublicWebhookUrl, type Deployment } from '../deployment.ts';
import { sendProbe } from '../probes.ts';
import { CommandError } from '../command.ts';
import { runCheck, type CheckOutcome, type CheckResult } from '../check-report.ts';
import { FORMS } from '../secrets/forms.ts';
import { judgeToken, type TokenReport } from './tokens.ts';

/** Checks the keys of our own tokens. */
export async function checkSessions(): Promise<CheckResult[]> {
  const keys = await runCheck('JWT_SIGNING_KEYS', async () => {
    const { JWT_SIGNING_KEYS } = await secrets('JWT_SIGNING_KEYS');
    await FORMS.JWT_SIGNING_KEYS.read(JWT_SIGNING_KEYS);
    const [first, ...others] = (await publicJwkSet(JWT_SIGNING_KEYS)).keys;
    return `${first?.kid} signs${others.length > 0 ? `, ${others.length} more verify` : ''}`;
  });
  return [keys];
}

/** Checks the mini-program, with its callback address if the message push is set up. */
export function checkMiniProgram(deployment: Deployment, tokens: Promise<TokenReport>): Promise<CheckResult[]> {
  const hasPush = variable('MINIAPP_TOKEN') !== undefined;
  return Promise.all([
    checkAppId('MINIAPP_APP_ID'),
    checkSecret('MINIAPP_APP_SECRET'),
    runCheck('message keys', async () => (hasPush ? judgePushKeys(await loadPushKeys('MINIAPP'), 'MINIAPP') : NO_PUSH)),
    checkToken(tokens, 'MINIAPP_APP_ID'),
    ...(hasPush
      ? [
          checkSiteName(),
          runCheck('callback address', () =>
            checkCallback(readPublicWebhookUrl(deployment, 'miniapp-events'), 'MINIAPP'),
          ),
        ]
      : []),
  ]);
}

/** A mini-program works without the message push. */
const NO_PUSH: CheckOutcome = {
  mark: '!',
  note:
    'no message push: messages, settlements, results of content checks and withdrawn consents never arrive → ' +
    'npm run secrets -- put MINIAPP_TOKEN MINIAPP_AES_KEY, then 开发 → 开发管理 → 消息推送 in the console',
};

/** The texts of replies contain the name. */
function checkSiteName(): Promise<CheckResult> {
  return runCheck('SITE_NAME', () => settings('SITE_NAME').SITE_NAME);
}

/** Checks the official account, with its callback address. */
export function checkOfficialAccount(deployment: Deployment, tokens: Promise<TokenReport>): Promise<CheckResult[]> {
  return Promise.all([
    checkAppId('OFFICIAL_APP_ID'),
    checkSecret('OFFICIAL_APP_SECRET'),
    runCheck('message keys', async () => judgePushKeys(await loadPushKeys('OFFICIAL'), 'OFFICIAL')),
    checkSiteName(),
    checkToken(tokens, 'OFFICIAL_APP_ID'),
    runCheck('JS-SDK ticket', async () =>
      judgeToken(await tokens, 'jsapi_ticket', settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID),
    ),
    runCheck('callback address', () => checkCallback(readPublicWebhookUrl(deployment, 'official-events'), 'OFFICIAL')),
  ]);
}

/**
 * Returns the mode of pushes. Only plain mode is a warning: in compatible mode the functions read only the
 * encrypted part of a push.
 */
export function judgePushKeys(
  { mode, aesKeys }: Pick<PushKeys, 'mode' | 'aesKeys'>,
  app: 'MINIAPP' | 'OFFICIAL',
): string | CheckOutcome {
  if (mode !== 'plain') return `${mode} mode${aesKeys.length > 1 ? ', with the previous EncodingAESKey' : ''}`;
  return {
    mark: '!',
    note:
      `plain mode: an attacker who has seen one signed address can forge pushes${LOSS_IN_PLAIN_MODE[app]} → ` +
      `npm run secrets -- put ${app}_AES_KEY, ${app}_MODE=secure in .env.<stage>, deploy, then 安全模式 in the console`,
  };
}

const LOSS_IN_PLAIN_MODE = { MINIAPP: '', OFFICIAL: ', so scan login is off' };

/**
 * Repeats WeChat's check of the address, and then with a wrong signature.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
async function checkCallback(url: string, app: 'MINIAPP' | 'OFFICIAL'): Promise<string> {
  const name = `${app}_TOKEN` as const;
  const { [name]: token } = await secrets(name);
  const signed = await sendProbe(buildEchoUrl(url, token));
  if (signed.status === 403)
    throw new CommandError(`${url} rejects ${name}: if it was changed just now, wait a minute`);
  if (signed.status !== 200) throw new CommandError(`${url} answers ${signed.status} to WeChat's check`);
  if (signed.text !== ECHO) throw new CommandError(`${url} does not return the echostr of WeChat's check`);
  const forged = await sendProbe(buildEchoUrl(url, `${token}x`));
  if (forged.status === 200) throw new CommandError(`${url} accepts a signature of another token`);
  return url;
}

const ECHO = '4375120948345356249';

function buildEchoUrl(url: string, pushToken: string): string {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const nonce = String(randomBytes(4).readUInt32BE());
  const signature = signParts(pushToken, timestamp, nonce);
  return `${url}?${new URLSearchParams({ signature, timestamp, nonce, echostr: ECHO })}`;
}

function checkAppId(name: 'MINIAPP_APP_ID' | 'OFFICIAL_APP_ID'): Promise<CheckResult> {
  return runCheck(name, () => {
    const { [name]: id } = settings(name);
    if (/^wx[0-9a-z]{16}$/.test(id)) return id;
    throw new CommandError(`${id} is not an app id: it must be wx and 16 digits or lower-case letters`);
  });
}

function checkSecret(name: SecretName): Promise<CheckResult> {
  return runCheck(name, async () => {
    await FORMS[name].read((await secrets(name))[name]);
    return 'is there';
  });
}

function checkToken(tokens: Promise<TokenReport>, name: 'MINIAPP_APP_ID' | 'OFFICIAL_APP_ID'): Promise<CheckResult> {
  return runCheck('access token', async () => judgeToken(await tokens, 'access_token', settings(name)[name]));
}
