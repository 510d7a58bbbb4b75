import type { Runtime } from '../core/runtime.ts';
import { putNewestScan } from '../store/newest-scans.ts';
import type { Table } from '../store/table.ts';
import { moveTicket, type ScannedTicket } from '../store/tickets.ts';
import { LATE_REVOKE_S, TICKET_LIFE_S } from './ticket.ts';

export type ScanDeps = Pick<Runtime, 'now'> & {
  table: Table;
  /** `tap`: the user confirms in the chat after the scan; `scan`: the scan itself confirms. */
  confirmBy: 'tap' | 'scan';
};

/** One scan of a login code of the official account. */
export interface Scan {
  appId: string;
  openId: string;
  ticket: string;
  /** CreateTime of the push, epoch seconds. */
  atS: number;
  pushId: string;
  /** Whether the user followed the account with this scan. */
  isFollow: boolean;
}

/**
 * Records a scan of a login code of the official account. Makes one conditional write for the ticket, one for the
 * newest scan of the user, and no read. If the user followed the account with the scan, the first write stores the
 * follow. `syncIdentity` copies the follow to the identity later, or requests a missing unionid.
 * @returns whether this scan moved the ticket, and the ticket. The ticket is undefined for an unknown, expired or used
 * code, and for a code of another app or user
 */
export async function recordScan(
  { table, now, confirmBy }: ScanDeps,
  { atS, pushId, isFollow, ...scanned }: Scan,
): Promise<{ moved: boolean; ticket?: ScannedTicket }> {
  const nowMs = now();
  const to = confirmBy === 'tap' ? 'scanned' : 'confirmed';
  // Only from `created`: the stream filter of identity-sync passes this move alone.
  const scan = { atS, pushId, isFollow };
  const result = await moveTicket(table, { ...scanned, from: ['created'], to, nowMs, scan });
  if (result.ticket) {
    const expiresAt = Math.floor(nowMs / 1_000) + TICKET_LIFE_S + LATE_REVOKE_S;
    await putNewestScan(table, { ...scanned, scannedAtS: atS, expiresAt });
  }
  return result;
}
