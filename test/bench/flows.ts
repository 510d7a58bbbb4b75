// The programs of the capacity table, one per row.
import assert from 'node:assert/strict';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { loadOfficialAccount } from '../../lib/wiring/apps.ts';
import { loadJssdk } from '../../lib/wiring/h5.ts';
import { getJssdkConfig } from '../../lib/h5/jssdk-config.ts';
import { keys } from '../../lib/store/keys.ts';
import { actorsOf } from './actors.ts';
import type { FlowName } from './budgets.ts';
import { contentFlows } from './content-flows.ts';
import { tradeFlows } from './trade-flows.ts';
import type { World } from './world.ts';

/** Runs the unmeasured steps before a flow, and returns the measured flow. */
export type Prepare = () => Promise<() => Promise<unknown>>;

const COLD_INSTANCES = 20;
// A mini-program sells virtual goods by virtual payment, and a page outside sells them by an ordinary payment.
const TOP_UP = { sku: 'top-up', amountFen: 500, tradeType: 'NATIVE' };
const VIRTUAL_TOP_UP = { ...TOP_UP, tradeType: 'VIRTUAL' };

/** Returns every flow of the table, in its order. Each asserts its own result. */
export function flowsOf(world: World): Record<FlowName, Prepare> {
  return {
    ...identityFlows(world),
    ...uploadFlows(world),
    ...contentFlows(world),
    ...payFlows(world),
    ...tradeFlows(world),
    'access token, 20 cold instances': coldInstances,
  };
}

function identityFlows(world: World) {
  const { phone } = world;
  const {
    logIn,
    showQrCode,
    poll,
    scan,
    confirm,
    confirmByText,
    enterChat,
    dueReplyOf,
    loggedIn,
    registeredByScan,
    readMe,
    signPage,
  } = actorsOf(world);
  return {
    'login, known user': async () => {
      const code = await phone.loginCode((await loggedIn()).person);
      return async () => assert.equal((await logIn(code)).isNewUser, false);
    },
    'login, new user': async () => {
      const code = await phone.loginCode(await phone.newPerson());
      return async () => assert.equal((await logIn(code)).isNewUser, true);
    },
    'QR code': async () => {
      await showQrCode();
      return async () => assert.ok((await showQrCode()).ticket);
    },
    'poll, pending': async () => {
      const qr = await showQrCode();
      return async () => assert.equal((await poll(qr)).status, 'pending');
    },
    'poll, collected, known user': async () => {
      const [person, qr] = [await registeredByScan(), await showQrCode()];
      await scan(person, qr);
      await confirm(person, qr);
      return async () => assert.equal((await poll(qr)).status, 'registered');
    },
    'scan push': async () => {
      const [person, qr] = [await phone.newPerson(), await showQrCode()];
      return () => scan(person, qr);
    },
    tap: async () => {
      const [person, qr] = [await phone.newPerson(), await showQrCode()];
      await scan(person, qr);
      return () => confirm(person, qr);
    },
    'reply 1': async () => {
      const [person, qr] = [await phone.newPerson(), await showQrCode()];
      await scan(person, qr);
      return () => confirmByText(person);
    },
    'mini-program push, first': async () => {
      const person = await phone.newPerson();
      return () => enterChat(person);
    },
    'mini-program push, repeat': async () => {
      await enterChat(await phone.newPerson());
      return async () => assert.equal((await world.webhooks.replay('miniapp-events')).statusCode, 200);
    },
    'revocation push': async () => {
      const person = await registeredByScan();
      const fields = { OpenID: person.openIds.official, RevokeInfo: '205' };
      return async () => {
        const { status, body } = await phone.event(person, 'user_authorization_revoke', fields);
        assert.deepEqual([status, body], [200, 'success']);
      };
    },
    'mini-program reply': async () => {
      const person = await phone.newPerson();
      await enterChat(person);
      return dueReplyOf(person);
    },
    'authenticated read (/me)': async () => {
      const { token } = await loggedIn();
      return () => readMe(token);
    },
    'JS-SDK config, warm': async () => {
      await signPage();
      return signPage;
    },
    'JS-SDK config, cold': async () => {
      await signPage();
      const instance = await loadJssdk();
      return () => getJssdkConfig(instance, `${instance.allowedOrigins[0]}/`);
    },
  } satisfies Partial<Record<FlowName, Prepare>>;
}

function uploadFlows(world: World) {
  const { loggedIn, upload, chooseAvatar } = actorsOf(world);
  return {
    upload: async () => {
      const { token } = await loggedIn();
      return async () => assert.ok(await upload(token));
    },
    'avatar, replaced': async () => {
      const { token } = await loggedIn();
      await chooseAvatar(token, await upload(token));
      const uploadId = await upload(token);
      return async () => assert.ok(await chooseAvatar(token, uploadId));
    },
  } satisfies Partial<Record<FlowName, Prepare>>;
}

function payFlows(world: World) {
  const { loggedIn, order, look, pay } = actorsOf(world);
  return {
    prepay: async () => {
      // The price is in the memory of a busy instance.
      await order((await loggedIn()).token);
      const { token } = await loggedIn();
      return async () => assert.ok((await order(token)).prepayId);
    },
    'wallet top-up': async () => {
      const { token } = await loggedIn();
      await order((await loggedIn()).token, TOP_UP);
      return async () => assert.ok((await order(token, TOP_UP)).codeUrl);
    },
    'virtual top-up': async () => {
      const { token } = await loggedIn();
      await order((await loggedIn()).token, VIRTUAL_TOP_UP);
      return async () => assert.ok((await order(token, VIRTUAL_TOP_UP)).paySig);
    },
    ...deliveryFlows(world),
    'paid order, one look': async () => {
      const { person, token } = await loggedIn();
      const { outTradeNo, prepayId } = await order(token);
      await pay(person, prepayId);
      return async () => assert.equal(await look(token, outTradeNo), 'PAID');
    },
    'pay notification, first': async () => {
      const { person, token } = await loggedIn();
      const { prepayId } = await order(token);
      return () => pay(person, prepayId);
    },
    'pay notification, repeat': async () => {
      const { person, token } = await loggedIn();
      await pay(person, (await order(token)).prepayId);
      return async () => assert.equal((await world.webhooks.replay('pay-notify')).statusCode, 204);
    },
  } satisfies Partial<Record<FlowName, Prepare>>;
}

function deliveryFlows(world: World) {
  const { loggedIn, order } = actorsOf(world);
  const delivered = async (how: object = {}) => {
    const { person, token } = await loggedIn();
    const { outTradeNo, ...payment } = await order(token, VIRTUAL_TOP_UP);
    return { outTradeNo, pay: () => world.phone.payVirtually(person, payment, how) };
  };
  return {
    'delivery push, first': async () => {
      const { pay } = await delivered();
      return async () => assert.equal(await pay(), 0);
    },
    'delivery push, repeat': async () => {
      const { outTradeNo, pay } = await delivered();
      await pay();
      return async () => assert.equal(await world.phone.redeliver(outTradeNo), 0);
    },
    'delivery push, by Apple': async () => {
      const { pay } = await delivered({ apple: true });
      return async () => assert.equal(await pay(), 0);
    },
  } satisfies Partial<Record<FlowName, Prepare>>;
}

/** Prepares instances that share only the table, each built by the production wiring, without a stored token. */
async function coldInstances() {
  const instances = await Promise.all(Array.from({ length: COLD_INSTANCES }, () => loadOfficialAccount()));
  for (const { table, app } of instances.slice(0, 1)) {
    const Key = keys.platformToken(app.appId, 'access_token');
    await table.client.send(new DeleteCommand({ TableName: table.name, Key }));
  }
  return async () => {
    const tokens = await Promise.all(instances.map(({ accessToken }) => accessToken.withToken(async (token) => token)));
    assert.equal(new Set(tokens).size, 1);
    for (const { table } of instances) table.client.destroy();
  };
}
