// The user scans a QR code: of a payment, of the mini-program, or of the official account.
import { realSeconds } from '../clock.ts';
import { readText } from '../control-body.ts';
import { ControlError } from '../control-error.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import type { PhoneActions } from './action.ts';

export const scanActions: PhoneActions = {
  scan: (world, user, body) => scan(world, user, readText(body, 'content')),
};

/** The content of the account's own QR code, which has no scene. */
export function accountQrUrl(originalId: string): string {
  return `http://weixin.qq.com/r/${originalId}`;
}

async function scan(world: World, user: WechatUser, content: string): Promise<object> {
  if (content.startsWith('weixin://wxpay/')) {
    const { outTradeNo, description, totalFen } = world.pay.orders.openPaymentSheet('NATIVE', content, user).terms;
    return { kind: 'pay', codeUrl: content, outTradeNo, description, amountFen: totalFen };
  }
  const miniProgramCode = world.miniProgramCodes.find(content);
  if (miniProgramCode) {
    const { page, scene, envVersion } = miniProgramCode;
    return { kind: 'mini-program', page, query: { scene: encodeURIComponent(scene) }, scene, envVersion };
  }
  if (content === accountQrUrl(world.account.originalId)) return scanAccount(world, user);
  const code = world.qrCodes.byUrl(content);
  if (!code)
    throw new ControlError(
      404,
      'CONTENT_UNKNOWN',
      `this WeChat never made a QR code that says ${content.slice(0, 200)}`,
    );
  // The phone shows an error page; the account receives no event.
  if (world.qrCodes.isExpired(code)) return { kind: 'expired' };
  if (user.follow) {
    return {
      kind: 'scan',
      push: await world.push.sendEvent(user, 'SCAN', { EventKey: code.scene, Ticket: code.ticket }),
    };
  }
  user.follow = { since: realSeconds(), code };
  const fields = { EventKey: `qrscene_${code.scene}`, Ticket: code.ticket };
  return { kind: 'subscribe', push: await world.push.sendEvent(user, 'subscribe', fields) };
}

/** Scans the account's own QR code, which has no scene: follows the account, or sends nothing for a follower. */
async function scanAccount({ push }: World, user: WechatUser): Promise<object> {
  if (user.follow) return { kind: 'account' };
  user.follow = { since: realSeconds() };
  return { kind: 'subscribe', push: await push.sendEvent(user, 'subscribe', { EventKey: '' }) };
}
