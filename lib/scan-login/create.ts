import { badSetting } from '../core/config.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Table } from '../store/table.ts';
import { putTicket, type Asker } from '../store/tickets.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { createQrCode } from '../wechat/qr-code.ts';
import { createWxacode, type CodeTarget } from '../wechat/wxacode.ts';
import { hashPollToken, POLL_INTERVAL_MS, sceneOf, TICKET_LIFE_S } from './ticket.ts';

export type CreateDeps = Pick<Runtime, 'now' | 'randomBytes'> &
  PlatformDeps & { table: Table; app: WechatApp; accessToken: TokenOwner };

/**
 * `ticket` names the code and is public. `pollToken` is a secret that only the browser that requested the code
 * receives. `content` is the text in the QR image, if the image can be drawn from text; `expiresIn` in seconds.
 */
export interface QrLogin {
  ticket: string;
  pollToken: string;
  imageUrl: string;
  content: string | null;
  expiresIn: number;
  pollIntervalMs: number;
}

/**
 * Creates a QR code of the official account for one login on a web page. After the scan the user confirms in the chat.
 * @param asker the page that requests the code, as the confirmation describes it
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export function createOfficialQrLogin(deps: CreateDeps & { mpBaseUrl: string }, asker: Asker): Promise<QrLogin> {
  const { app } = deps;
  return issue(deps, asker, (ticket) =>
    deps.accessToken.withToken((accessToken) =>
      createQrCode(deps, { app, accessToken, scene: sceneOf(ticket), lifeS: TICKET_LIFE_S }),
    ),
  );
}

/**
 * Creates a mini-program code for one login on a web page, for teams without a verified service account. Its scene is
 * the ticket, and the mini-program asks the user to confirm. WeChat returns only the image, so `imageUrl` is a data
 * URL.
 * @param asker the page that requests the code, as the confirmation describes it
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export function createMiniappQrLogin(deps: CreateDeps & { target: CodeTarget }, asker: Asker): Promise<QrLogin> {
  const { app, target } = deps;
  return issue(deps, asker, async (ticket) => {
    const { type, bytes } = await deps.accessToken.withToken((accessToken) =>
      createWxacode(deps, { app, accessToken, scene: ticket, target }),
    );
    return { content: null, imageUrl: `data:${type};base64,${bytes.toString('base64')}` };
  });
}

/**
 * Parses MINIAPP_ENV_VERSION and MINIAPP_LOGIN_PAGE: the page of the mini-program that asks the user to confirm.
 * @throws NOT_CONFIGURED
 */
export function readCodeTarget(envVersion: string, page: string): CodeTarget {
  if (envVersion !== 'release' && envVersion !== 'trial' && envVersion !== 'develop') {
    throw badSetting('MINIAPP_ENV_VERSION', 'must be release, trial or develop');
  }
  if (/^\/|[\s?#]/.test(page)) {
    throw badSetting(
      'MINIAPP_LOGIN_PAGE',
      'must be a page such as pages/login/index, without a leading slash and a query',
    );
  }
  return { envVersion, ...(page !== '' && { page }) };
}

/** Creates the code, and stores the ticket before a client gets the code. */
async function issue(
  { table, app, now, randomBytes }: CreateDeps,
  asker: Asker,
  draw: (ticket: string) => Promise<Pick<QrLogin, 'content' | 'imageUrl'>>,
): Promise<QrLogin> {
  const ticket = randomBytes(16).toString('base64url');
  const pollToken = randomBytes(24).toString('base64url');
  const code = await draw(ticket);
  const requestedAtMs = now();
  await putTicket(table, {
    ticket,
    state: 'created',
    pollTokenHash: hashPollToken(pollToken),
    requestedAtMs,
    ...asker,
    expiresAt: Math.floor(requestedAtMs / 1_000) + TICKET_LIFE_S,
    appId: app.appId,
  });
  return { ticket, pollToken, ...code, expiresIn: TICKET_LIFE_S, pollIntervalMs: POLL_INTERVAL_MS };
}
