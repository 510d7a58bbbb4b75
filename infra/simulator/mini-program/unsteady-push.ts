import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';

const LATE_MS = 86_400_000;

/**
 * Sends a push of the platform, or loses, delays or repeats the push as planned.
 * @returns the result of the first attempt; null for a push that is lost or late
 */
export async function sendUnsteadily(
  { clock, faults }: { clock: Clock; faults: Faults },
  target: 'trade-push' | 'virtual-push',
  send: () => Promise<DeliveryResult>,
): Promise<DeliveryResult | null> {
  if (faults.takeVariant(target, 'no-push')) return null;
  if (faults.takeVariant(target, 'late')) {
    clock.schedule(clock.now() + LATE_MS, async () => void (await send()));
    return null;
  }
  const isTwice = faults.takeVariant(target, 'duplicate');
  const result = await send();
  return isTwice ? send() : result;
}
