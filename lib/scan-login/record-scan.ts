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
  /** CreateTime of the push, epoch seconds, if the user followed the account by scanning. */
  followedAt?: number;
}

/**
 * Records a scan of a QR code of the official account, which also confirms the login. Takes one conditional write and
 * no read. A follow that came with the scan is stored in the same write and copied to the identity later: see
 * lib/identity/sync-identity.ts.
 * @returns 'moved' for a valid scan, 'repeated' for its repetition, 'rejected' for a login code that is no longer
 * valid, 'foreign' for a code of another purpose
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
