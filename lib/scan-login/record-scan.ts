import type { Runtime } from '../core/runtime.ts';
import type { Table } from '../store/table.ts';
import { moveTicket } from '../store/tickets.ts';
import { MOVES, ticketOfScene } from './ticket.ts';

/** One scan of a QR code of the official account. */
export interface Scan {
  appId: string;
  openId: string;
  /** The scene without WeChat's `qrscene_` prefix. */
  scene: string;
  /** CreateTime of the push (epoch seconds); present when the user followed the account with this scan. */
  followedAt?: number;
}

/**
 * Records a scan of a QR code of the official account. The scan of a login code also confirms the login. Makes one
 * conditional write and no read. If the user followed the account with the scan, the same write stores the follow.
 * `syncIdentity` copies the follow to the identity later.
 * @returns `moved` for a valid scan; `repeated` for a repeated scan or push of the same user; `rejected` for an
 * unknown, expired or used login code, and for a code of another app or user; `foreign` for a code that is not a login
 * code
 */
export async function recordScan(
  { table, now }: Pick<Runtime, 'now'> & { table: Table },
  { scene, ...scan }: Scan,
): Promise<'moved' | 'repeated' | 'rejected' | 'foreign'> {
  const ticket = ticketOfScene(scene);
  if (!ticket) return 'foreign';
  const move = { ...scan, ticket, ...MOVES.confirm, nowMs: now() };
  return moveTicket(table, move);
}
