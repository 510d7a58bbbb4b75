import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../runtime.ts';
import type { Table } from '../store/table.ts';
import { putTicket } from '../store/tickets.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { createQrCode } from '../wechat/qr-code.ts';
import { hashPollToken, POLL_INTERVAL_MS, sceneOf, TICKET_LIFE_S } from './ticket.ts';

type CreateDeps = Pick<Runtime, 'now' | 'randomBytes'> &
  PlatformDeps & { table: Table; app: WechatApp; accessToken: TokenOwner; mpBaseUrl: string };

/**
 * `ticket` names the code and may be seen by anybody; `pollToken` belongs to the browser that asked, alone. `content` is
 * what the QR image encodes; `expiresIn` in seconds.
 */
export interface QrLogin {
  ticket: string;
  pollToken: string;
  imageUrl: string;
  content: string;
  expiresIn: number;
  pollIntervalMs: number;
}

/**
 * A QR code of the official account for one login on a web page. The ticket is stored before anybody sees the code.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function createQrLogin(deps: CreateDeps): Promise<QrLogin> {
  const ticket = deps.randomBytes(16).toString('base64url');
  const pollToken = deps.randomBytes(24).toString('base64url');
  const code = await deps.accessToken.withToken((accessToken) =>
    createQrCode(deps, { app: deps.app, accessToken, scene: sceneOf(ticket), lifeS: TICKET_LIFE_S }),
  );
  await putTicket(deps.table, {
    ticket,
    state: 'created',
    pollTokenHash: hashPollToken(pollToken),
    expiresAt: Math.floor(deps.now() / 1_000) + TICKET_LIFE_S,
    appId: deps.app.appId,
  });
  return { ticket, pollToken, ...code, expiresIn: TICKET_LIFE_S, pollIntervalMs: POLL_INTERVAL_MS };
}
