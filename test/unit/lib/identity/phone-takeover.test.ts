import { describe, expect, it } from 'vitest';
import { readTakeoverPolicy } from '../../../../lib/identity/phone-takeover.ts';

describe('readTakeoverPolicy', () => {
  it.each([
    ['90', 90],
    ['0', 0],
  ])('reads %s days', (days, afterDays) => {
    const deployedOnMs = Date.UTC(2026, 10, 20);
    expect(readTakeoverPolicy(days, '2026-11-20')).toEqual({ afterDays, deployedOnMs });
  });

  it.each([
    ['PHONE_TAKEOVER_DAYS', '-1', '2026-11-20'],
    ['PHONE_TAKEOVER_DAYS', '1.5', '2026-11-20'],
    ['PHONE_TAKEOVER_DAYS', 'never', '2026-11-20'],
    ['DEPLOYED_ON', '90', 'today'],
    ['DEPLOYED_ON', '90', '2026-13-01'],
    ['DEPLOYED_ON', '90', '2026-11-20T00:00:00Z'],
  ])('rejects the value of %s in %j and %j', (setting, days, deployedOn) => {
    expect(() => readTakeoverPolicy(days, deployedOn)).toThrow(
      expect.objectContaining({ code: 'NOT_CONFIGURED', detail: { setting } }),
    );
  });
});
