// What anybody can see from outside, without a key: what answers, and what refuses.
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { apiUrl, type Deployment, type Webhook } from './deployment.ts';
import { Elsewhere, Refusal } from './refusal.ts';
import type { Finding } from './rows.ts';

const TIMEOUT_MS = 10_000;

export const WEBHOOKS: Webhook[] = ['official-events', 'pay-notify', 'pay-notify-v2'];

interface Answer {
  status: number;
  text: string;
  date: string;
}

interface Probe {
  /** The variable that says whether the webhook is in use. */
  variable: string;
  body: string;
  type: string;
  /** Whether the text of a 403 is ours: AWS, firewalls and proxies have a 403 of their own. */
  isOurs(text: string): boolean;
  /** Of WeChat Pay: the protocol, and the key without which its webhook knows nothing. */
  protocol?: { name: string; key: string };
}

const PROBES: Record<Webhook, Probe> = {
  'official-events': {
    variable: 'OFFICIAL_APP_ID',
    body: '<xml><Content>forged</Content></xml>',
    type: 'text/xml',
    isOurs: (text) => text === 'This is not a push of WeChat for this account',
  },
  'pay-notify': {
    variable: 'PAY_MCH_ID',
    body: '{"id":"forged"}',
    type: 'application/json',
    isOurs: (text) => readJson(text).code === 'FAIL',
    protocol: { name: 'v3', key: 'PAY_API_V3_KEY' },
  },
  'pay-notify-v2': {
    variable: 'PAY_MCH_ID',
    body: '<xml><return_code>SUCCESS</return_code></xml>',
    type: 'text/xml',
    isOurs: (text) => /<return_code>\s*FAIL\s*<\/return_code>/.test(withoutCdata(text)),
    protocol: { name: 'v2', key: 'PAY_API_V2_KEY' },
  },
};

/** The HTTP API says that it lives. */
export async function checkHealth(deployment: Deployment): Promise<string> {
  const url = `${apiUrl(deployment)}/health`;
  const { status } = await ask(url);
  if (status === 200) return url;
  throw new Refusal(`GET ${url} answers ${status}`);
}

/**
 * A webhook takes nothing that WeChat has not signed: our own code says so. Of WeChat Pay's two, the one of the protocol
 * that is not PAY_API may be without its key.
 */
export async function checkRefusal(
  { variables }: Deployment,
  webhook: Webhook,
  url: string,
): Promise<string | Finding> {
  const { variable, body, type, isOurs, protocol } = PROBES[webhook];
  if (!variables[variable]) return { mark: '–', note: `${variable} is not set` };
  const { status, text } = await ask(url, { method: 'POST', body, headers: { 'content-type': type } });
  if (status === 403 && isOurs(text)) return 'refuses what is not signed (403)';
  const unset = status === 503 ? unsetSecret(text) : undefined;
  const newOrders = variables.PAY_API || 'v3';
  if (protocol && protocol.name !== newOrders && unset === protocol.key) {
    return { mark: '–', note: `API ${protocol.name} is not set up` };
  }
  if (unset) throw notPut(unset, variables);
  const what = `answers ${status} to what is not signed, at ${url}`;
  throw new Refusal(`${what}: ${whoseAnswer(status, text) ?? quote(text)}`);
}

/** What others than the function say in its place. */
function whoseAnswer(status: number, text: string): string | undefined {
  if (status === 403 && /"Message"\s*:\s*"Forbidden/.test(text)) {
    return 'AWS lets nobody in: the function URL lacks its permissions';
  }
  if (status === 429)
    return 'AWS turns calls away: a flood, or a limit that is too small (reservedConcurrency, the account)';
  if (status === 404) return 'nothing is there';
  return undefined;
}

/** Answers with which WeChat, or what an operator has entered or not, is at fault. */
const ELSEWHERE = new Set(['WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT', 'WECHAT_CONFIG']);

/** The whole way to WeChat and back: it is WeChat that does not know this code. */
export async function checkLogin(deployment: Deployment): Promise<string | Finding> {
  const { variables } = deployment;
  if (!variables.MINIAPP_APP_ID) return { mark: '–', note: 'MINIAPP_APP_ID is not set' };
  const body = JSON.stringify({ code: 'smoke-test-no-such-code' });
  const headers = { 'content-type': 'application/json' };
  const { status, text } = await ask(`${apiUrl(deployment)}/miniapp/login`, { method: 'POST', body, headers });
  const { code = '', message } = readJson(text);
  if (status === 401 && code === 'WECHAT_CODE_INVALID') return 'WeChat does not know a made-up code (401)';
  const unset = code === 'NOT_CONFIGURED' ? unsetSecret(text) : undefined;
  if (unset) throw notPut(unset, variables);
  const said = `answers ${status} ${code} to a made-up code: ${message ?? quote(text)}`;
  throw ELSEWHERE.has(code) ? new Elsewhere(said) : new Refusal(said);
}

/** One request. @throws Refusal when nothing answers */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    return { status: answer.status, text: await answer.text(), date: answer.headers.get('date') ?? '' };
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Refusal(`${new URL(url).origin} does not answer (${cause instanceof Error ? cause.message : message})`);
  }
}

/** The secret that an answer misses, in whichever of our forms it says so. */
function unsetSecret(text: string): string | undefined {
  const name = /\b([A-Z0-9_]+) is not set\b/.exec(text)?.[1];
  return SECRET_NAMES.find((one) => one === name);
}

/** Functions that are not told where the store is miss every secret: that is the deployment's fault. */
function notPut(name: string, { SECRETS_PATH }: Deployment['variables']): Refusal {
  const said = `${name} is not set`;
  return SECRETS_PATH
    ? new Elsewhere(`${said} → npm run secrets -- put ${name}`)
    : new Refusal(`${said}, and neither is SECRETS_PATH`);
}

/** The words of an answer, for one line. */
function quote(text: string): string {
  const words = withoutCdata(text).replace(/<[^>]*>/g, ' ');
  return words.replace(/\s+/g, ' ').trim().slice(0, 200) || 'without a word';
}

function withoutCdata(text: string): string {
  return text.replace(/<!\[CDATA\[|\]\]>/g, '');
}

function readJson(text: string): { code?: string; message?: string } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}
