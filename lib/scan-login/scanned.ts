import type { Runtime } from '../runtime.ts';
import type { Table } from '../store/table.ts';
import { markScanned } from '../store/tickets.ts';
import { ticketOfScene } from './ticket.ts';

/** One scan of a QR code of the official account. */
export interface Scan {
  appId: string;
  openId: string;
  /** The scene without WeChat's `qrscene_` prefix. */
  scene: string;
}

/**
 * Somebody scanned a QR code of the official account. One conditional write and no read: a ticket that is unknown,
 * expired or taken stays as it is.
 * @returns 'scanned', 'refused' for a login code that is not good any more, 'foreign' for a code of another purpose
 */
export async function ticketScanned(
  { table, now }: Pick<Runtime, 'now'> & { table: Table },
  { appId, openId, scene }: Scan,
): Promise<'scanned' | 'refused' | 'foreign'> {
  const ticket = ticketOfScene(scene);
  if (!ticket) return 'foreign';
  return (await markScanned(table, { ticket, appId, openId, nowMs: now() })) ? 'scanned' : 'refused';
}
