// Unsigned requests from outside: the API must answer, and each webhook must reject a forgery.
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { readApiUrl, type Deployment, type Webhook } from './deployment.ts';
import { ExternalError, CommandError } from './command.ts';
import type { CheckOutcome } from './check-report.ts';

const TIMEOUT_MS = 10_000;

export const WEBHOOKS: Webhook[] = ['miniapp-events', 'official-events', 'pay-notify', 'pay-notify-v2'];

interface Answer {
  status: number;
  text: string;
  date: string;
}

interface Probe {
  /** The webhook is in use when this variable is set. */
  variable: string;
  body: string;
  type: string;
  /** Whether the text of a 403 comes from the function: AWS, firewalls and proxies also return 403. */
  isOurs(text: string): boolean;
  /** A secret without which the webhook is not in use, the reason, and when the secret is required all the same. */
  optional?: { secret: string; note: string; requiredBy?: (variables: Deployment['variables']) => boolean };
}

const REFUSED_PUSH = 'This is not a push of WeChat for this account';

const PROBES: Record<Webhook, Probe> = {
  'miniapp-events': {
    variable: 'MINIAPP_APP_ID',
    body: '{"Content":"forged"}',
    type: 'application/json',
    isOurs: (text) => text === REFUSED_PUSH,
    optional: { secret: 'MINIAPP_TOKEN', note: 'the message push is not set up' },
  },
  'official-events': {
    variable: 'OFFICIAL_APP_ID',
    body: '<xml><Content>forged</Content></xml>',
    type: 'text/xml',
    isOurs: (text) => text === REFUSED_PUSH,
  },
  'pay-notify': {
    variable: 'PAY_MCH_ID',
    body: '{"id":"forged"}',
    type: 'application/json',
    isOurs: (text) => readJson(text).code === 'FAIL',
    optional: { secret: 'PAY_API_V3_KEY', note: 'API v3 is not set up', requiredBy: newOrdersUse('v3') },
  },
  'pay-notify-v2': {
    variable: 'PAY_MCH_ID',
    body: '<xml><return_code>SUCCESS</return_code></xml>',
    type: 'text/xml',
    isOurs: (text) => /<return_code>\s*FAIL\s*<\/return_code>/.test(stripCdata(text)),
    optional: { secret: 'PAY_API_V2_KEY', note: 'API v2 is not set up', requiredBy: newOrdersUse('v2') },
  },
};

function newOrdersUse(protocol: 'v2' | 'v3') {
  return ({ PAY_API }: Deployment['variables']) => (PAY_API || 'v3') === protocol;
}

/** Checks that the HTTP API answers. */
export async function checkHealth(deployment: Deployment): Promise<string> {
  const url = `${readApiUrl(deployment)}/health`;
  const { status } = await sendProbe(url);
  if (status === 200) return url;
  throw new CommandError(`GET ${url} answers ${status}`);
}

/**
 * Checks that a webhook rejects an unsigned request, and that the rejection comes from its function. The webhook of the
 * payment protocol that PAY_API does not name may lack its key, and a mini-program may have no message push.
 */
export async function checkRejectsForgery(
  { variables }: Deployment,
  webhook: Webhook,
  url: string,
): Promise<string | CheckOutcome> {
  const { variable, body, type, isOurs, optional } = PROBES[webhook];
  if (!variables[variable]) return { mark: '–', note: `${variable} is not set` };
  const { status, text } = await sendProbe(url, { method: 'POST', body, headers: { 'content-type': type } });
  if (status === 403 && isOurs(text)) return 'rejects unsigned requests (403)';
  const unset = status === 503 ? findUnsetSecret(text) : undefined;
  if (optional && unset === optional.secret && !optional.requiredBy?.(variables)) {
    return { mark: '–', note: optional.note };
  }
  if (unset) throw unsetSecretError(unset, variables);
  const failure = `answers ${status} to an unsigned request, at ${url}`;
  throw new CommandError(`${failure}: ${explainForeignAnswer(status, text) ?? quoteText(text)}`);
}

/** Explains a response that does not come from the function. */
function explainForeignAnswer(status: number, text: string): string | undefined {
  if (status === 403 && /"Message"\s*:\s*"Forbidden/.test(text)) {
    return 'AWS rejects every caller: the function URL lacks its permissions, deploy again';
  }
  if (status === 429) return 'AWS throttles: a flood, or a limit that is too small (reservedConcurrency, the account)';
  if (status === 404) return 'there is no webhook at this address';
  return undefined;
}

/** Error codes whose cause is WeChat or a setting, not the deployment. */
const EXTERNAL_CODES = new Set(['WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT', 'WECHAT_CONFIG']);

/** Checks the path to WeChat: WeChat must reject a made-up login code. */
export async function checkLogin(deployment: Deployment): Promise<string | CheckOutcome> {
  const { variables } = deployment;
  if (!variables.MINIAPP_APP_ID) return { mark: '–', note: 'MINIAPP_APP_ID is not set' };
  const body = JSON.stringify({ code: 'smoke-test-no-such-code' });
  const headers = { 'content-type': 'application/json' };
  const { status, text } = await sendProbe(`${readApiUrl(deployment)}/miniapp/login`, {
    method: 'POST',
    body,
    headers,
  });
  const { code = '', message } = readJson(text);
  if (status === 401 && code === 'WECHAT_CODE_INVALID') return 'WeChat rejects a made-up code (401)';
  const unset = code === 'NOT_CONFIGURED' ? findUnsetSecret(text) : undefined;
  if (unset) throw unsetSecretError(unset, variables);
  const failure = `answers ${status} ${code} to a made-up code: ${message ?? quoteText(text)}`;
  throw EXTERNAL_CODES.has(code) ? new ExternalError(failure) : new CommandError(failure);
}

/** Sends one request. @throws CommandError when nothing answers */
export async function sendProbe(url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    return { status: answer.status, text: await answer.text(), date: answer.headers.get('date') ?? '' };
  } catch (error) {
    const { message, cause } = error as Error;
    throw new CommandError(
      `${new URL(url).origin} does not answer (${cause instanceof Error ? cause.message : message})`,
    );
  }
}

/** Returns the secret that a response reports as not set, in JSON, XML or text. */
function findUnsetSecret(text: string): string | undefined {
  const name = /\b([A-Z0-9_]+) is not set\b/.exec(text)?.[1];
  return SECRET_NAMES.find((secretName) => secretName === name);
}

/** A missing secret is external. A missing SECRETS_PATH hides every secret, so it is an error of the deployment. */
function unsetSecretError(name: string, { SECRETS_PATH }: Deployment['variables']): CommandError {
  const problem = `${name} is not set`;
  return SECRETS_PATH
    ? new ExternalError(`${problem} → npm run secrets -- put ${name}`)
    : new CommandError(`${problem}, and neither is SECRETS_PATH: deploy again`);
}

/** Returns the text of a response without its markup, for one line. */
function quoteText(text: string): string {
  const words = stripCdata(text).replace(/<[^>]*>/g, ' ');
  return words.replace(/\s+/g, ' ').trim().slice(0, 200) || 'empty response';
}

function stripCdata(text: string): string {
  return text.replace(/<!\[CDATA\[|\]\]>/g, '');
}

function readJson(text: string): { code?: string; message?: string } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}
