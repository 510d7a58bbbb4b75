// The actions of users, each of one or more requests to the functions.
import assert from 'node:assert/strict';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { loadTable } from '../../lib/wiring/table.ts';
import { filePart, multipart, PNG } from '../support/pictures.ts';
import { request } from './invoke.ts';
import type { Person } from './phone.ts';
import type { World } from './world.ts';

interface QrLogin {
  ticket: string;
  pollToken: string;
  content: string;
}

interface LoginAnswer {
  token: string;
  isNewUser: boolean;
}

interface PollAnswer {
  status: string;
  registrationToken?: string;
}

/** Returns the actions of users, and of the operator who fills the catalogue. */
export function actorsOf({ functions, phone }: World) {
  const logIn = async (code: string): Promise<LoginAnswer> => {
    const wanted = { method: 'POST', path: '/miniapp/login', body: { code }, status: 200 } as const;
    return (await request(functions.miniappLogin, wanted)) as LoginAnswer;
  };

  const showQrCode = async (): Promise<QrLogin> => {
    const wanted = { method: 'POST', path: '/qr-login', status: 201 } as const;
    return (await request(functions.qrLoginCreate, wanted)) as QrLogin;
  };

  const poll = async ({ ticket, pollToken }: QrLogin): Promise<PollAnswer> => {
    const headers = { 'x-poll-token': pollToken };
    const wanted = { path: `/qr-login/${ticket}`, pathParameters: { ticket }, headers, status: 200 };
    return (await request(functions.qrLoginPoll, { method: 'GET', ...wanted })) as PollAnswer;
  };

  const scan = async (person: Person, { content }: QrLogin): Promise<void> => {
    const { status, body, reply } = await phone.scan(person, content);
    assert.equal(status, 200, body);
    assert.match(String(reply?.content), /确认登录/, 'the reply asks the user to confirm');
  };

  const confirm = async (person: Person, { ticket }: QrLogin): Promise<void> => {
    const { reply } = await phone.tap(person, `login-confirm_${ticket}`);
    assert.match(String(reply?.content), /您已登录/, 'the tap logs in');
  };

  const confirmByText = async (person: Person): Promise<void> => {
    const { reply } = await phone.say(person, '1');
    assert.match(String(reply?.content), /您已登录/, 'the text logs in');
  };

  /** Enters the customer-service chat of the mini-program. */
  const enterChat = async (person: Person): Promise<void> => {
    const { status, body } = await phone.enterService(person);
    assert.deepEqual([status, body], [200, 'success']);
  };

  /** Delivers the event of the reply to the entry of a user, as the stream and the bus do. */
  const dueReplyOf = async ({ openIds }: Person): Promise<() => Promise<void>> => {
    const { table } = await loadTable();
    const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
    const { appId, pushId } = Items.find(({ sk, openId }) => sk === 'MESSAGE' && openId === openIds.miniapp)!;
    const detail = {
      id: `mini-program.reply-due:${appId}:${pushId}`,
      at: new Date().toISOString(),
      data: { appId, pushId },
    };
    const event = { id: '1', 'detail-type': 'mini-program.reply-due', detail };
    return () => functions.miniappReply(event as Parameters<typeof functions.miniappReply>[0]);
  };

  const pay = async (person: Person, prepayId: string): Promise<void> => {
    const { status, body } = await phone.pay(person, prepayId);
    assert.equal(status, 204, body);
  };

  const loggedIn = async (): Promise<{ person: Person; token: string }> => {
    const person = await phone.newPerson();
    return { person, token: (await logIn(await phone.loginCode(person))).token };
  };

  /** Creates a user who registered by an earlier scan. */
  const registeredByScan = async (): Promise<Person> => {
    const [person, qr] = [await phone.newPerson(), await showQrCode()];
    await scan(person, qr);
    await confirm(person, qr);
    const { registrationToken } = await poll(qr);
    await request(functions.register, { method: 'POST', path: '/register', body: { registrationToken }, status: 201 });
    return person;
  };

  const readMe = (token: string) =>
    request(functions.me, { method: 'GET', path: '/me', headers: { authorization: `Bearer ${token}` }, status: 200 });

  /** Uploads a picture, and returns its id. */
  const upload = async (token: string): Promise<string> => {
    const { contentType, bytes: body } = multipart(filePart(PNG));
    const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
    const wanted = { method: 'POST', path: '/uploads', headers, body, status: 201 } as const;
    return ((await request(functions.uploadCreate, wanted)) as { uploadId: string }).uploadId;
  };

  /** Makes an upload the avatar. */
  const chooseAvatar = (token: string, avatarUploadId: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const wanted = { method: 'PUT', path: '/miniapp/profile', headers, body: { avatarUploadId }, status: 200 } as const;
    return request(functions.miniappProfileUpdate, wanted);
  };

  /** Requests the JS-SDK configuration of a page. */
  const signPage = () => {
    const [origin] = process.env['ALLOWED_ORIGINS']!.split(',');
    const query = `url=${encodeURIComponent(`${origin}/`)}`;
    return request(functions.jssdkConfig, { method: 'GET', path: '/jssdk/config', query, status: 200 });
  };

  /** Places an order, by default of a coffee in the mini-program, and returns its number and its payment. */
  const order = async (
    token: string,
    purchase: object = { sku: 'coffee' },
  ): Promise<{ outTradeNo: string; prepayId: string; codeUrl?: string; paySig?: string }> => {
    const headers = { authorization: `Bearer ${token}` };
    const body = { tradeType: 'JSAPI', ...purchase };
    const wanted = { method: 'POST', path: '/pay/prepay', headers, body, status: 201 } as const;
    const placed = (await request(functions.payPrepay, wanted)) as {
      order: { outTradeNo: string };
      payment: { package: string; codeUrl?: string; paySig?: string };
    };
    const { package: prepayId, ...payment } = placed.payment;
    return { outTradeNo: placed.order.outTradeNo, prepayId, ...payment };
  };

  /** Returns the state of an order as its buyer sees it. */
  const look = async (token: string, outTradeNo: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    const wanted = { path: `/pay/orders/${outTradeNo}`, pathParameters: { outTradeNo }, headers, status: 200 };
    const answer = (await request(functions.payOrder, { method: 'GET', ...wanted })) as { order: { state: string } };
    return answer.order.state;
  };

  /** Returns the states of the shipping of a user's orders. */
  const listOrders = async (token: string): Promise<(string | undefined)[]> => {
    const headers = { authorization: `Bearer ${token}` };
    const wanted = { method: 'GET', path: '/pay/orders', headers, status: 200 } as const;
    const { orders } = (await request(functions.payOrders, wanted)) as { orders: { shipping?: { state: string } }[] };
    return orders.map(({ shipping }) => shipping?.state);
  };

  const fillCatalogue = () =>
    functions.catalogPut({
      items: [
        { sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1_800 },
        { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 },
        { sku: 'ticket', description: 'Ticket', kind: 'goods', delivery: 'virtual', unitFen: 500 },
      ],
    });

  return {
    logIn,
    showQrCode,
    poll,
    scan,
    confirm,
    confirmByText,
    enterChat,
    dueReplyOf,
    pay,
    loggedIn,
    registeredByScan,
    readMe,
    upload,
    chooseAvatar,
    signPage,
    order,
    look,
    listOrders,
    fillCatalogue,
  };
}
