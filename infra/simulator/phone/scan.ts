// The person scans a QR code: of a payment, of the mini-program, or of the official account.
import { realSeconds } from '../clock.ts';
import { readText } from '../control-body.ts';
import { ControlError } from '../control-error.ts';
import type { Person } from '../people.ts';
import type { World } from '../world.ts';
import type { Actions } from './action.ts';

export const scanActions: Actions = {
  scan: (world, person, body) => scan(world, person, readText(body, 'content')),
};

/** What the account's own, scene-less QR code says. */
export function accountQrUrl(originalId: string): string {
  return `http://weixin.qq.com/r/${originalId}`;
}

async function scan(world: World, person: Person, content: string): Promise<object> {
  if (content.startsWith('weixin://wxpay/')) {
    const { outTradeNo, description, totalFen } = world.pay.orders.openSheet('NATIVE', content, person).terms;
    return { kind: 'pay', codeUrl: content, outTradeNo, description, amountFen: totalFen };
  }
  const miniCode = world.miniCodes.find(content);
  if (miniCode) {
    const { page, scene } = miniCode;
    return { kind: 'mini-program', page, query: { scene: encodeURIComponent(scene) }, scene };
  }
  if (content === accountQrUrl(world.account.originalId)) return scanAccount(world, person);
  const code = world.qrCodes.byUrl(content);
  if (!code)
    throw new ControlError(
      404,
      'CONTENT_UNKNOWN',
      `this WeChat never made a QR code that says ${content.slice(0, 200)}`,
    );
  // The phone shows an error page; the account hears nothing.
  if (world.qrCodes.isExpired(code)) return { kind: 'expired' };
  if (person.follow) {
    return {
      kind: 'scan',
      push: await world.push.event(person, 'SCAN', { EventKey: code.scene, Ticket: code.ticket }),
    };
  }
  person.follow = { since: realSeconds(), code };
  const fields = { EventKey: `qrscene_${code.scene}`, Ticket: code.ticket };
  return { kind: 'subscribe', push: await world.push.event(person, 'subscribe', fields) };
}

/** The account's own QR code has no scene: a plain follow, and nothing at all for a follower. */
async function scanAccount({ push }: World, person: Person): Promise<object> {
  if (person.follow) return { kind: 'account' };
  person.follow = { since: realSeconds() };
  return { kind: 'subscribe', push: await push.event(person, 'subscribe', { EventKey: '' }) };
}
