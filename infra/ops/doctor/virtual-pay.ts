import { settings, variable } from '../../../lib/core/config.ts';
import type { VirtualEnv } from '../../../lib/core/virtual-env.ts';
import { secrets } from '../../../lib/secrets/secrets.ts';
import { errcodeOf } from '../../../lib/wechat/platform-error.ts';
import { virtualGoodsApi } from '../../../lib/wechat-pay/virtual/goods.ts';
import { readExemption, readVirtualEnv } from '../../../lib/wechat-pay/virtual/settings.ts';
import { runCheck, type CheckOutcome, type CheckResult } from '../check-report.ts';
import { CommandError } from '../command.ts';
import type { Deployment } from '../deployment.ts';
import { FORMS } from '../secrets/forms.ts';
import type { Target } from '../target.ts';
import { judgeNoAccess, openMiniappCalls } from './miniapp-calls.ts';
import { judgeGoods, judgeUnsold, readVirtualGoods } from './virtual-goods.ts';

/** Checks that buyers can buy the virtual goods of the catalogue in the mini-program. */
export async function checkVirtualPay(target: Target, deployment: Deployment): Promise<CheckResult[]> {
  const { VIRTUAL_PAY_OFFER_ID: offerId } = deployment.variables;
  const exemption = runCheck('VIRTUAL_PAY_EXEMPT', () => judgeExemption(readExemption()));
  if (!offerId) {
    return Promise.all([
      runCheck('not set up', () => ({ mark: '–', note: 'VIRTUAL_PAY_OFFER_ID is not set' })),
      exemption,
      runCheck('virtual goods', async () => judgeUnsold(await readVirtualGoods(target, deployment), readExemption())),
    ]);
  }
  return Promise.all([
    runCheck('VIRTUAL_PAY_OFFER_ID', () => offerId),
    runCheck('VIRTUAL_PAY_ENV', () => judgeEnv(readVirtualEnv(), target)),
    runCheck('VIRTUAL_PAY_APP_KEY', () => tryAppKey(offerId)),
    exemption,
    runCheck('virtual goods', async () => judgeGoods(await readVirtualGoods(target, deployment), readVirtualEnv())),
    runCheck('delivery push', () => judgeDeliveryPush(readVirtualEnv())),
  ]);
}

/**
 * Judges the sale of virtual goods by ordinary payment in the mini-program.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function judgeExemption(isExempt: boolean): string | CheckOutcome {
  return isExempt ? { mark: '!', note: EXEMPT } : 'false';
}

const EXEMPT =
  'true: the mini-program sells virtual goods by ordinary payment; WeChat requires 虚拟支付 for them since 2026-04-01 and ' +
  'limits other mini-programs → VIRTUAL_PAY_EXEMPT=false in .env.<stage>, unless WeChat exempts your category';

/** Judges the environment of a stage. No money moves in the sandbox. */
export function judgeEnv(env: VirtualEnv, { name }: Pick<Target, 'name'>): string | CheckOutcome {
  return env === 'sandbox' && name === 'prod' ? { mark: '!', note: SANDBOX_IN_PROD } : env;
}

const SANDBOX_IN_PROD =
  'sandbox: no money moves, and the released mini-program accepts live only → VIRTUAL_PAY_ENV=live in .env.prod, deploy, ' +
  'then npm run secrets -- put VIRTUAL_PAY_APP_KEY';

const WRONG_SIGNATURE = 268490003;

/** Queries a task of goods, which changes nothing. Any valid answer proves the AppKey of the environment. */
async function tryAppKey(offerId: string): Promise<string | CheckOutcome> {
  const env = readVirtualEnv();
  const { VIRTUAL_PAY_APP_KEY: appKey } = await secrets('VIRTUAL_PAY_APP_KEY');
  await FORMS.VIRTUAL_PAY_APP_KEY.read(appKey);
  const opened = await openMiniappCalls().catch((error: unknown) => ({ error }));
  if ('error' in opened) return judgeNoAccess(opened.error, { subject: 'the AppKey' });
  const { app, accessToken: token } = opened.access;
  const accessToken = { withToken: <Answer>(call: (token: string) => Promise<Answer>) => call(token) };
  const api = virtualGoodsApi({ ...opened.deps, app, accessToken, virtual: { offerId, env, appKey } });
  await api.publish('').query().catch(throwWithRemedy);
  return `WeChat accepts our signature for ${env}`;
}

function throwWithRemedy(cause: unknown): never {
  if (errcodeOf(cause) !== WRONG_SIGNATURE) throw cause;
  throw new CommandError(
    `WeChat rejects the signature: VIRTUAL_PAY_APP_KEY must be the AppKey of ${readVirtualEnv()} → npm run secrets -- put ` +
      'VIRTUAL_PAY_APP_KEY, or VIRTUAL_PAY_ENV in .env.<stage>',
    { cause },
  );
}

/** Judges whether deliveries arrive by push. Without a push, the sweep finds the payment some minutes later. */
export function judgeDeliveryPush(env: VirtualEnv): string | CheckOutcome {
  if (env === 'sandbox') return { mark: '–', note: 'WeChat sends none in the sandbox: the sweep finds payments' };
  if (variable('MINIAPP_TOKEN') === undefined) return { mark: '!', note: NO_PUSH };
  const { MINIAPP_MODE: mode } = settings('MINIAPP_MODE');
  return mode === 'plain' ? { mark: '!', note: PLAIN } : `${mode} mode`;
}

const NO_PUSH =
  'no message push: the sweep finds payments minutes later → npm run secrets -- put MINIAPP_TOKEN MINIAPP_AES_KEY, then ' +
  '开发 → 开发管理 → 消息推送 in the console';
const PLAIN =
  'plain mode: each delivery costs a query, and questions of Apple about refunds stay unanswered → MINIAPP_MODE=secure in ' +
  '.env.<stage>, deploy, then 安全模式 in the console';
