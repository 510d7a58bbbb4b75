import { putOnce } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/**
 * A scan of a channel code: a QR code of the official account with another scene than that of a login. The item is the
 * claim of the push and the outbox entry of its event.
 */
export interface SceneScan {
  appId: string;
  openId: string;
  /** The account of the user, if there is one. */
  accountId?: string | undefined;
  pushId: string;
  scene: string;
  /** Whether the user followed the account with this scan. */
  follow: boolean;
  /** CreateTime of the push (ISO 8601). */
  at: string;
  /** A random text of this attempt: see putOnce. */
  claimToken: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

/** Stores a scan. @returns whether the push is new */
export function putSceneScan(table: Table, scan: SceneScan): Promise<boolean> {
  return putOnce(table, { ...keys.sceneScan(scan.appId, scan.pushId), ...scan }, 'claimToken');
}
