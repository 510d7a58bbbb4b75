import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import {
  readShipment,
  writeShipment,
  type Shipment,
  type ShippingUpload,
  type UploadClaim,
} from '../store/shipments.ts';
import type { Table } from '../store/table.ts';
import { isClaimed, nextLookAtMs } from './progress.ts';

export type ClaimDeps = Pick<Runtime, 'now' | 'sleep' | 'randomBytes'> & { table: Table };

/** A shipment whose pending upload this caller sends. */
export type ClaimedShipment = Shipment & { pending: ShippingUpload & UploadClaim };

/**
 * Stores an upload as the pending upload of the shipment, with a claim of this caller. Storing the intention before the
 * call to WeChat makes a crash safe: the sweep repeats the same upload.
 * @returns undefined on a version conflict
 */
export async function claimUpload(
  { table, now, randomBytes }: ClaimDeps,
  shipment: Shipment,
  upload: ShippingUpload,
): Promise<ClaimedShipment | undefined> {
  const claim = { claimId: randomBytes(12).toString('base64url'), claimedAtMs: now() };
  const next: Shipment = { ...shipment, pending: { ...upload, ...claim } };
  const written = await writeShipment(table, shipment, next, nextLookAtMs(next, now()));
  // After a lost response, the SDK's retry conflicts with its own first attempt.
  const stored = written ?? (await readShipment(table, shipment.outTradeNo, 'strong'));
  return stored?.pending?.claimId === claim.claimId ? (stored as ClaimedShipment) : undefined;
}

/** Claims the pending upload of a shipment. @returns undefined if there is none, or another caller sends it */
export async function claimPending(deps: ClaimDeps, shipment: Shipment): Promise<ClaimedShipment | undefined> {
  const { pending } = shipment;
  return !pending || isClaimed(pending, deps.now()) ? undefined : claimUpload(deps, shipment, pending);
}

/**
 * Ends the claim of an upload. A push can change the shipment during the upload, so `change` receives the current shipment.
 * @returns the written shipment, or the current one if another caller took over the upload
 */
export function endClaim(
  deps: ClaimDeps,
  claimed: ClaimedShipment,
  change: (current: ClaimedShipment) => Shipment,
): Promise<Shipment> {
  const { outTradeNo, pending } = claimed;
  return retryOnConflict(deps, async (attempt) => {
    const current = attempt === 1 ? claimed : await readShipment(deps.table, outTradeNo, 'strong');
    if (current?.pending?.claimId !== pending.claimId) return current ?? claimed;
    const next = change(current as ClaimedShipment);
    return (await writeShipment(deps.table, current, next, nextLookAtMs(next, deps.now()))) ?? VERSION_CONFLICT;
  });
}
