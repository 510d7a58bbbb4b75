import { ControlError } from './control-error.ts';
import { isRecord } from './http.ts';
import type { LoginCodes } from './login-codes.ts';
import type { NotifyPaid } from './pay-notify.ts';
import type { PayOrders } from './pay-orders.ts';
import type { People, Person } from './people.ts';
import type { OfficialPush } from './push.ts';
import type { QrCodes } from './qr-codes.ts';

export interface PhoneWorld {
  people: People;
  loginCodes: LoginCodes;
  qrCodes: QrCodes;
  push: OfficialPush;
  orders: PayOrders;
  notifyPaid: NotifyPaid;
}

type Body = Record<string, unknown>;
type Action = (world: PhoneWorld, person: Person, body: Body) => object | Promise<object>;

const actions: Record<string, Action> = {
  'login-code': ({ loginCodes }, person) => ({ code: loginCodes.issue(person) }),
  scan: (world, person, body) => scan(world, person, readText(body, 'content')),
  message: async ({ push }, person, body) => {
    assertFollows(person);
    return { push: await push.text(person.openIds.official, readText(body, 'text')) };
  },
  'menu-click': async ({ push }, person, body) => {
    assertFollows(person);
    return { push: await push.event(person.openIds.official, 'CLICK', [['EventKey', readText(body, 'key')]]) };
  },
  unfollow: async ({ push }, person) => {
    assertFollows(person);
    person.follows = false;
    return { push: await push.event(person.openIds.official, 'unsubscribe', [['EventKey', '']]) };
  },
  pay,
};

export const phoneActions = Object.keys(actions);

/** `POST /_phone/users`: somebody new buys a phone. */
export function createPerson({ people }: PhoneWorld, body: Body): object {
  const { phone, nickname } = body;
  if (phone !== undefined && typeof phone !== 'string') throw paramError('phone must be text');
  if (nickname !== undefined && typeof nickname !== 'string') throw paramError('nickname must be text');
  const { id, openIds, unionId } = people.create({ ...(phone && { phone }), ...(nickname && { nickname }) });
  return { id, openIds, unionId };
}

/** `POST /_phone/users/{id}/{action}`: what a person does with the phone. */
export async function usePhone(world: PhoneWorld, { id, action, body }: { id: string; action: string; body: unknown }) {
  const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (!act)
    throw new ControlError(404, 'ACTION_UNKNOWN', `a phone cannot ${action}; it can: ${phoneActions.join(', ')}`);
  return act(world, world.people.get(id), isRecord(body) ? body : {});
}

async function scan(world: PhoneWorld, person: Person, content: string): Promise<object> {
  if (content.startsWith('weixin://wxpay/')) {
    const { request } = world.orders.openSheet('NATIVE', content, person);
    const { out_trade_no: outTradeNo, description, amount } = request;
    return { kind: 'pay', codeUrl: content, outTradeNo, description, amountFen: amount.total };
  }
  if (content === world.push.accountQrUrl) return scanAccount(world, person);
  const code = world.qrCodes.byUrl(content);
  if (!code) throw new ControlError(404, 'CONTENT_UNKNOWN', `this WeChat never made a QR code that says ${content}`);
  // The phone shows an error page; the account hears nothing.
  if (world.qrCodes.isExpired(code)) return { kind: 'expired' };
  const openId = person.openIds.official;
  if (person.follows) {
    return {
      kind: 'scan',
      push: await world.push.event(openId, 'SCAN', [
        ['EventKey', code.scene],
        ['Ticket', code.ticket],
      ]),
    };
  }
  person.follows = true;
  const fields: [string, string][] = [
    ['EventKey', `qrscene_${code.scene}`],
    ['Ticket', code.ticket],
  ];
  return { kind: 'subscribe', push: await world.push.event(openId, 'subscribe', fields) };
}

/** The account's own QR code has no scene: a plain follow, and nothing at all for a follower. */
async function scanAccount({ push }: PhoneWorld, person: Person): Promise<object> {
  if (person.follows) return { kind: 'account' };
  person.follows = true;
  return { kind: 'subscribe', push: await push.event(person.openIds.official, 'subscribe', [['EventKey', '']]) };
}

async function pay({ orders, notifyPaid }: PhoneWorld, person: Person, body: Body): Promise<object> {
  const order = orders.openSheet(...readPayment(body), person);
  const transactionId = orders.pay(order, person);
  return { transactionId, notify: await notifyPaid(order.request.notify_url, orders.describe(order)) };
}

function readPayment({ prepayId, codeUrl, h5Url }: Body): ['JSAPI' | 'NATIVE' | 'MWEB', string] {
  // Both the bare id and the `package` value of the client call are fine.
  if (typeof prepayId === 'string') return ['JSAPI', prepayId.replace(/^prepay_id=/, '')];
  if (typeof codeUrl === 'string') return ['NATIVE', codeUrl];
  if (typeof h5Url === 'string') return ['MWEB', /[?&]prepay_id=([^&]+)/.exec(h5Url)?.[1] ?? h5Url];
  throw paramError('one of prepayId, codeUrl, h5Url is needed');
}

function readText(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw paramError(`${name} must be text`);
  return value;
}

function assertFollows({ id, follows }: Person): void {
  if (!follows)
    throw new ControlError(409, 'NOT_FOLLOWING', `${id} does not follow the official account: scan its QR code first`);
}

function paramError(message: string): ControlError {
  return new ControlError(400, 'PARAM_ERROR', message);
}
