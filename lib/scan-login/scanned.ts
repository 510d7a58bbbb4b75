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
  /** CreateTime of the push, epoch seconds, if they began to follow by scanning. */
  followedAt?: number;
}

/**
 * Somebody scanned a QR code of the official account, which is their confirmation as well. One conditional write and no read: a ticket that is unknown,
 * expired or taken stays as it is. That somebody began to follow is written along, and kept on their identity afterwards:
 * see lib/identity/sync-identity.ts.
 * @returns 'moved' for a scan that counts, 'repeated' for one that counted before, 'refused' for a login code that is not
 * good any more, 'foreign' for a code of another purpose
 */
export async function ticketScanned(
  { table, now }: Pick<Runtime, 'now'> & { table: Table },
  { scene, ...scan }: Scan,
): Promise<'moved' | 'repeated' | 'refused' | 'foreign'> {
  const ticket = ticketOfScene(scene);
  if (!ticket) return 'foreign';
  const move = { ...scan, ticket, ...MOVES.confirm, nowMs: now() };
  return moveTicket(table, move);
}
