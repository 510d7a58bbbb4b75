// Messages in the customer service of the mini-program, through the whole stack: push, table, stream, bus, WeChat.
import { describe, expect, it } from 'vitest';
import { api, operator, phone } from '../support/client.ts';

interface Line {
  from: string;
  type: string;
  content?: string;
}
type Person = Awaited<ReturnType<typeof phone.newPerson>>;

const write = async (person: Person, text: string) =>
  (await phone.act(person, 'message', { app: 'miniapp', text })).push;
const answers = async (person: Person) =>
  ((await phone.show(person)).serviceChat as Line[]).filter(({ from }) => from === 'account');

describe('a message to the mini-program', () => {
  it('gets the text of its keyword once, although its push is repeated', async () => {
    const person = await phone.newPerson();
    expect(await write(person, '帮助')).toMatchObject({ status: 200, body: 'success' });
    await phone.act(person, 'resend', { app: 'miniapp', last: 1 });
    await expect.poll(() => answers(person), { timeout: 20_000 }).toHaveLength(1);
    expect(await write(person, '你好')).toMatchObject({ status: 200, reply: { type: 'transfer_customer_service' } });
    const shown = await answers(person);
    expect(shown).toEqual([
      expect.objectContaining({ type: 'text', content: expect.stringContaining('请直接在这里留言') }),
      expect.objectContaining({ type: 'transfer_customer_service' }),
    ]);
  });

  it('can be answered by an operator', async () => {
    const person = await phone.newPerson();
    const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
    const message = { userId: body.user.id, app: 'mini-program', kind: 'text', content: '您的订单已发货' };
    expect(await operator('message-send', message)).toEqual({
      outcome: 'window-closed',
      app: 'mini-program',
      kind: 'text',
    });
    await write(person, '你好');
    expect(await operator('message-send', message)).toMatchObject({ outcome: 'sent' });
    expect((await answers(person)).at(-1)).toMatchObject({ type: 'text', content: '您的订单已发货' });
  });
});
