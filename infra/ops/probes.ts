// What anybody can see from outside, without a key: what answers, and what refuses.
import { apiUrl, type Deployment, type Webhook } from './deployment.ts';
import { Refusal } from './refusal.ts';
import type { Finding } from './rows.ts';

const TIMEOUT_MS = 10_000;

export const WEBHOOKS: Webhook[] = ['official-events', 'pay-notify', 'pay-notify-v2'];

/** What says that a webhook is in use; without it the function can only say what is missing. */
const NEEDS: Record<Webhook, { variable: string; body: string; type: string }> = {
  'official-events': { variable: 'OFFICIAL_APP_ID', body: '<xml><Content>forged</Content></xml>', type: 'text/xml' },
  'pay-notify': { variable: 'PAY_MCH_ID', body: '{"id":"forged"}', type: 'application/json' },
  'pay-notify-v2': { variable: 'PAY_MCH_ID', body: '<xml><return_code>SUCCESS</return_code></xml>', type: 'text/xml' },
};

/** The HTTP API says that it lives. */
export async function checkHealth(deployment: Deployment): Promise<string> {
  const url = `${apiUrl(deployment)}/health`;
  const { status } = await ask(url);
  if (status === 200) return url;
  throw new Refusal(`GET ${url} answers ${status}`);
}

/** A webhook takes nothing that WeChat has not signed. */
export async function checkRefusal(
  { variables }: Deployment,
  webhook: Webhook,
  url: string,
): Promise<string | Finding> {
  const { variable, body, type } = NEEDS[webhook];
  if (!variables[variable]) return { mark: '–', note: `${variable} is not set` };
  const { status, text } = await ask(url, { method: 'POST', body, headers: { 'content-type': type } });
  if (status >= 400 && status < 500 && status !== 404) return `refuses what is not signed (${status})`;
  const said = status >= 500 ? `: ${text.replace(/<[^>]*>/g, ' ').slice(0, 200)}` : '';
  throw new Refusal(`answers ${status} to what is not signed, at ${url}${said}`);
}

/** The whole way to WeChat and back: it is WeChat that does not know this code. */
export async function checkLogin(deployment: Deployment): Promise<string | Finding> {
  if (!deployment.variables.MINIAPP_APP_ID) return { mark: '–', note: 'MINIAPP_APP_ID is not set' };
  const body = JSON.stringify({ code: 'smoke-test-no-such-code' });
  const headers = { 'content-type': 'application/json' };
  const { status, text } = await ask(`${apiUrl(deployment)}/miniapp/login`, { method: 'POST', body, headers });
  const { code, message } = readJson(text);
  if (status === 401 && code === 'WECHAT_CODE_INVALID') return 'WeChat does not know a made-up code (401)';
  throw new Refusal(`answers ${status} ${code ?? ''} to a made-up code: ${message ?? text.slice(0, 200)}`);
}

/** One request. @throws Refusal when nothing answers */
export async function ask(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; date: string }> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    return { status: answer.status, text: await answer.text(), date: answer.headers.get('date') ?? '' };
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Refusal(`${new URL(url).origin} does not answer (${cause instanceof Error ? cause.message : message})`);
  }
}

function readJson(text: string): { code?: string; message?: string } {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
