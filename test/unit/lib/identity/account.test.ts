import { describe, expect, it } from 'vitest';
import { phoneUsername, userView } from '../../../../lib/identity/account.ts';

const account = { id: 'a', username: 'user_1', createdAt: '2026-01-01T00:00:00.000Z', revision: 0 };

describe('userView', () => {
  it('shows the random username until a phone is bound', () => {
    expect(userView(account)).toMatchObject({ username: 'user_1', initialized: false, phone: null });
  });

  it.each([
    ['+8613812346666', '138****6666'],
    ['+447911123456', '447****3456'],
  ])('masks %s as the phone and as the username', (phone, masked) => {
    const view = userView({ ...account, phone, username: phoneUsername(phone) });
    expect(view).toMatchObject({ username: masked, initialized: true, phone: masked });
    expect(JSON.stringify(view)).not.toContain(phone.slice(-8));
  });
});
