import { describe, expect, it } from 'vitest';
import { apiOf, depsOf } from '../../../../lib/complaints/apis.ts';

describe('apiOf', () => {
  it('returns the API of a complaint, which is API v3 for a complaint without a name', () => {
    const apis = { v3: 'merchant number', virtual: 'virtual payment' };
    expect([apiOf(apis, {}), apiOf(apis, { api: 'virtual' })]).toEqual(['merchant number', 'virtual payment']);
    expect(depsOf(apis)).toEqual(['merchant number', 'virtual payment']);
  });

  it.each([
    ['PAY_MCH_PRIVATE_KEY', { virtual: 1 }, {}],
    ['VIRTUAL_PAY_OFFER_ID', { v3: 1 }, { api: 'virtual' as const }],
  ])('names %s when the API of a complaint is not set up', (setting, apis, complaint) => {
    expect(() => apiOf<number>(apis, complaint)).toThrow(
      expect.objectContaining({ code: 'NOT_CONFIGURED', detail: { setting } }),
    );
  });
});
