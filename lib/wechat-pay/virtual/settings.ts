import { badSetting, settings } from '../../core/config.ts';
import type { VirtualEnv } from '../../core/virtual-env.ts';

/**
 * Returns the environment of virtual payment.
 * @throws NOT_CONFIGURED
 */
export function readVirtualEnv(): VirtualEnv {
  const { VIRTUAL_PAY_ENV: env } = settings('VIRTUAL_PAY_ENV');
  if (env === 'live' || env === 'sandbox') return env;
  throw badSetting('VIRTUAL_PAY_ENV', 'must be sandbox or live');
}

/**
 * Returns whether WeChat exempts the mini-program from the rule about virtual goods.
 * @throws NOT_CONFIGURED
 */
export function readExemption(): boolean {
  const { VIRTUAL_PAY_EXEMPT: exempt } = settings('VIRTUAL_PAY_EXEMPT');
  if (exempt === 'true' || exempt === 'false') return exempt === 'true';
  throw badSetting('VIRTUAL_PAY_EXEMPT', 'must be false or true');
}
