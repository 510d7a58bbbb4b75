import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { exportAccount, type AccountPart } from '../../lib/privacy/export-account.ts';
import { unlinkPhone } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { keys, orderTime } from '../../lib/store/keys.ts';
import { markClosed, readOrder } from '../../lib/store/orders.ts';
import { putUpload } from '../../lib/store/uploads.ts';
import { bookEntry } from '../../lib/store/wallets.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { loadAccountExport } from '../../lib/wiring/privacy.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { privateUsers, valuesOf, type PrivateUser } from '../support/private-users.ts';
import { createWorld, type World } from '../support/world.ts';

const AT = '2026-11-20T00:00:00.000Z';

let world: World;
let users: ReturnType<typeof privateUsers>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  await world.bindOpenPlatform('miniapp', 'official');
  users = privateUsers(world);
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());

const exported = async (input: unknown) => exportAccount(await loadAccountExport(world.outside), input);
/** Returns all parts of the export of a user. */
const allParts = async (userId: string): Promise<AccountPart[]> => {
  const parts = [await exported({ userId })];
  while (parts.at(-1)!.cursor) parts.push(await exported({ userId, cursor: parts.at(-1)!.cursor }));
  return parts;
};
/** Pays an order of the user, and refunds a part. */
const payAndRefund = async ({ person, token }: PrivateUser) => {
  const { order, payment } = await buy(world.pay, { token, attach: '备注' });
  await world.phone.act(person, 'pay', { prepayId: payment.package });
  await checkOrder(world.pay, (await readOrder(world.table, order.outTradeNo))!);
  const outRefundNo = `r-${order.outTradeNo.slice(-8)}`;
  await refundOrder(world.pay, { outTradeNo: order.outTradeNo, outRefundNo, amountFen: 100, reason: '缺货' });
  return { outTradeNo: order.outTradeNo, outRefundNo };
};
const upload = (accountId: string, uploadId: string) =>
  putUpload(world.table, {
    accountId,
    uploadId,
    key: `${uploadId}.png`,
    type: 'image/png',
    bytes: 9,
    sha256: 'hash-of-the-file',
    state: 'passed',
    createdAt: AT,
  });

describe('account-export', () => {
  it('returns account, identities, phone, merges, orders, refunds, wallet and uploads of one user', async () => {
    const user = await users.newUser({ merged: true });
    const { outTradeNo, outRefundNo } = await payAndRefund(user);
    await bookEntry(world.table, { accountId: user.userId, id: 'order:o', amountFen: 500, outTradeNo: 'o', at: AT });
    await upload(user.userId, 'u1');
    const [part, ...more] = await allParts(user.userId);
    expect(more).toEqual([]);
    const { person, nickname, phone } = user;
    expect(part).toMatchObject({
      userId: user.userId,
      account: { nickname, phone: `+86${phone}`, unionIds: [person.unionId] },
      merges: [{ intoId: user.userId, unionId: person.unionId }],
      uploads: [{ uploadId: 'u1', url: 'https://api.example.com/uploads/u1.png' }],
      balanceFen: 500,
      orders: [
        { outTradeNo, attach: '备注', openId: person.openIds.miniapp, refunds: [{ outRefundNo, reason: '缺货' }] },
      ],
      walletEntries: [{ id: 'order:o', amountFen: 500, outTradeNo: 'o', at: AT }],
    });
    const openIds = part!.identities!.map((identity) => (identity as { openId: string }).openId);
    expect(openIds.toSorted()).toEqual([person.openIds.miniapp, person.openIds.official].toSorted());
    expect(Object.keys(part!.notIncluded!)).toContain('sessions');
  });

  it('contains no secret and nothing of another user', async () => {
    const [user, other] = [await users.newUser({ merged: true }), await users.newUser()];
    for (const one of [user, other]) await payAndRefund(one);
    await upload(user.userId, 'u2');
    await upload(other.userId, 'upload-of-another');
    const text = JSON.stringify(await allParts(user.userId));
    for (const value of [...valuesOf(other), other.userId, 'upload-of-another']) expect(text).not.toContain(value);
    const stored = (await users.items()).map((item) => JSON.stringify(item));
    const sessionKeys = stored.flatMap((item) => /"sessionKey":"([^"]+)"/.exec(item)?.[1] ?? []);
    expect(sessionKeys.length).toBeGreaterThan(0);
    const secrets = [
      'sessionKey',
      'accessToken',
      'refreshToken',
      'requestFingerprint',
      'paymentHandle',
      'sha256',
      'Hash',
    ];
    for (const secret of [...sessionKeys, ...secrets, 'hash-of-the-file']) expect(text).not.toContain(secret);
  });

  it('returns why the account lost its phone, without the account that took the number over', async () => {
    const [user, taker] = [await users.newUser(), await users.newUser()];
    const phoneRelease = { reason: 'taken-over', takenOverBy: taker.userId } as const;
    const account = (await readAccount(world.table, user.userId, 'strong'))!;
    const change = { username: 'user_x', phoneRelease };
    expect(await unlinkPhone(world.table, { ...account, phone: account.phone! }, change)).toBe(true);
    const parts = await allParts(user.userId);
    expect(parts[0]).toMatchObject({ account: { phoneRelease: { reason: 'taken-over' } } });
    expect(JSON.stringify(parts)).not.toContain(taker.userId);
  });

  it('returns thousands of orders and entries of all ids of a user in parts below 6 MB, each once', async () => {
    const user = await users.newUser({ merged: true });
    const { outTradeNo } = await payAndRefund(user);
    const model = (await readOrder(world.table, outTradeNo))!;
    const { account } = (await exported({ userId: user.userId })) as unknown as { account: { formerIds: string[] } };
    const owners = [user.userId, ...account.formerIds];
    expect(owners).toHaveLength(2);
    const numbers = Array.from({ length: 260 }, (_, index) => `${owners[index % 2]}${orderTime(index + 1)}0000000a`);
    const put = async (Item: object) => world.table.client.send(new PutCommand({ TableName: world.table.name, Item }));
    for (const no of numbers) {
      await put({ ...model, refundNos: undefined, ...keys.order(no), outTradeNo: no });
      const entry = { accountId: no.slice(0, 16), id: `order:${no}`, amountFen: 1, outTradeNo: no, at: AT };
      await put({ ...entry, ...keys.walletEntry(entry.accountId, entry.id) });
    }
    const parts = await allParts(user.userId);
    expect(parts.length).toBeGreaterThan(5);
    const listed = parts.flatMap(({ orders }) => orders.map((order) => (order as { outTradeNo: string }).outTradeNo));
    expect(listed.toSorted()).toEqual([outTradeNo, ...numbers].toSorted());
    const entries = parts.flatMap(({ walletEntries }) => walletEntries.map((entry) => (entry as { id: string }).id));
    expect(entries.toSorted()).toEqual(numbers.map((no) => `order:${no}`).toSorted());
    for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(1_000_000);
    expect(parts.slice(1).every(({ account: repeated }) => repeated === undefined)).toBe(true);
  });

  it('follows a merge: a former id returns the account that remains', async () => {
    const user = await users.newUser({ merged: true });
    const { account } = (await exported({ userId: user.userId })) as unknown as { account: { formerIds: string[] } };
    expect(await exported({ userId: account.formerIds[0] })).toEqual(await exported({ userId: user.userId }));
  });

  it('returns what remains of a closed account, which names no user', async () => {
    const user = await users.newUser();
    const { order } = await buy(world.pay, { token: user.token });
    await markClosed(world.table, { outTradeNo: order.outTradeNo, from: ['NOTPAY'] });
    await closeAccount(world.closing, user.token);
    const part = await exported({ userId: user.userId });
    expect(part).toMatchObject({ account: { id: user.userId }, identities: [], orders: [{ state: 'CLOSED' }] });
    for (const value of valuesOf(user)) expect(JSON.stringify(part)).not.toContain(value);
  });

  it('rejects an unknown user, and a cursor that is malformed or belongs to another user', async () => {
    const [user, other] = [await users.newUser(), await buyers.loggedIn()];
    await expect(exported({ userId: '0'.repeat(16) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const foreign = Buffer.from(JSON.stringify({ list: 'orders', id: other.user.id })).toString('base64url');
    for (const cursor of ['x', '', Buffer.from('{}').toString('base64url'), foreign]) {
      await expect(exported({ userId: user.userId, cursor })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    }
    for (const input of [undefined, {}, { userId: 'x' }, { userId: user.userId, more: 1 }]) {
      await expect(exported(input)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    }
  });
});
