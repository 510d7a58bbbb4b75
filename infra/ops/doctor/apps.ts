import { randomBytes } from 'node:crypto';
import { settings, type SecretName } from '../../../lib/core/config.ts';
import { loadPushKeys } from '../../../lib/official-account/push-keys.ts';
import { secrets } from '../../../lib/secrets/secrets.ts';
import { signParts } from '../../../lib/wechat/message-cipher.ts';
import { publicJwkSet } from '../../../lib/identity/session-token.ts';
import { toldUrl, type Deployment } from '../deployment.ts';
import { ask } from '../probes.ts';
import { Refusal } from '../refusal.ts';
import { row, type Row } from '../rows.ts';
import { FORMS } from '../secrets/forms.ts';
import { judgeToken, type TokenReport } from './tokens.ts';

/** The keys of our own tokens. */
export async function checkSessions(): Promise<Row[]> {
  const keys = await row('JWT_SIGNING_KEYS', async () => {
    const { JWT_SIGNING_KEYS } = await secrets('JWT_SIGNING_KEYS');
    await FORMS.JWT_SIGNING_KEYS.read(JWT_SIGNING_KEYS);
    const [first, ...others] = (await publicJwkSet(JWT_SIGNING_KEYS)).keys;
    return `${first?.kid} signs${others.length > 0 ? `, ${others.length} more verify` : ''}`;
  });
  return [keys];
}

/** The mini-program. */
export function checkMiniProgram(tokens: Promise<TokenReport>): Promise<Row[]> {
  return Promise.all([appId('MINIAPP_APP_ID'), secret('MINIAPP_APP_SECRET'), token(tokens, 'MINIAPP_APP_ID')]);
}

/** The official account, to its callback address. */
export function checkOfficialAccount(deployment: Deployment, tokens: Promise<TokenReport>): Promise<Row[]> {
  return Promise.all([
    appId('OFFICIAL_APP_ID'),
    secret('OFFICIAL_APP_SECRET'),
    row('message keys', async () => {
      const { mode, aesKeys } = await loadPushKeys();
      return `${mode} mode${aesKeys.length > 1 ? ', with the EncodingAESKey before' : ''}`;
    }),
    row('SITE_NAME', () => settings('SITE_NAME').SITE_NAME),
    token(tokens, 'OFFICIAL_APP_ID'),
    row('JS-SDK ticket', async () =>
      judgeToken(await tokens, 'jsapi_ticket', settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID),
    ),
    row('callback address', () => checkCallback(toldUrl(deployment, 'official-events'))),
  ]);
}

/** WeChat's own check of the address (platform 3.2), once as WeChat makes it and once by somebody else. */
async function checkCallback(url: string): Promise<string> {
  const { OFFICIAL_TOKEN } = await secrets('OFFICIAL_TOKEN');
  const signed = await ask(echoUrl(url, OFFICIAL_TOKEN));
  if (signed.status === 403)
    throw new Refusal(`${url} refuses OFFICIAL_TOKEN: if it was changed just now, wait a minute`);
  if (signed.status !== 200) throw new Refusal(`${url} answers ${signed.status} to WeChat's check`);
  if (signed.text !== ECHO) throw new Refusal(`${url} does not echo what WeChat says`);
  const forged = await ask(echoUrl(url, `${OFFICIAL_TOKEN}x`));
  if (forged.status === 200) throw new Refusal(`${url} echoes what is signed with another token`);
  return url;
}

const ECHO = '4375120948345356249';

function echoUrl(url: string, pushToken: string): string {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const nonce = String(randomBytes(4).readUInt32BE());
  const signature = signParts(pushToken, timestamp, nonce);
  return `${url}?${new URLSearchParams({ signature, timestamp, nonce, echostr: ECHO })}`;
}

function appId(name: 'MINIAPP_APP_ID' | 'OFFICIAL_APP_ID'): Promise<Row> {
  return row(name, () => {
    const { [name]: id } = settings(name);
    if (/^wx[0-9a-z]{16}$/.test(id)) return id;
    throw new Refusal(`${id} is no app id: wx and 16 more`);
  });
}

function secret(name: SecretName): Promise<Row> {
  return row(name, async () => {
    await FORMS[name].read((await secrets(name))[name]);
    return 'is there';
  });
}

function token(tokens: Promise<TokenReport>, name: 'MINIAPP_APP_ID' | 'OFFICIAL_APP_ID'): Promise<Row> {
  return row('access token', async () => judgeToken(await tokens, 'access_token', settings(name)[name]));
}
