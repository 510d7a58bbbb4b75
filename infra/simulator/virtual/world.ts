import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import type { MiniProgramPush } from '../mini-program/push.ts';
import type { PushConsole } from '../push/console.ts';
import type { SimulatorSettings, VirtualSettings } from '../settings.ts';
import { VirtualBills } from './bills.ts';
import { VirtualComplaints } from './complaints.ts';
import { Goods } from './goods.ts';
import { LIVE } from './ledger.ts';
import type { Env } from './ledger.ts';
import { VirtualOrders } from './orders.ts';
import { VirtualPushes } from './pushes.ts';
import { VirtualRefunds } from './refunds.ts';

/** The state of the virtual payment of the mini-program. */
export interface VirtualWorld {
  settings: VirtualSettings;
  clock: Clock;
  faults: Faults;
  goods: Goods;
  orders: VirtualOrders;
  refunds: VirtualRefunds;
  complaints: VirtualComplaints;
  bills: VirtualBills;
  pushes: VirtualPushes;
}

interface VirtualDependencies {
  clock: Clock;
  faults: Faults;
  secrets: IssuedSecrets;
  console: PushConsole;
  miniProgramPush: MiniProgramPush;
}

/** Creates the state without orders; undefined for a mini-program without virtual payment. */
export function createVirtualWorld(
  { virtual: settings, pay: { refundSettlesMs = 1_000 } }: SimulatorSettings,
  { clock, faults, secrets, console, miniProgramPush }: VirtualDependencies,
): VirtualWorld | undefined {
  if (!settings) return undefined;
  for (const key of [settings.liveAppKey, settings.sandboxAppKey]) secrets.record(key);
  const orders = new VirtualOrders(clock);
  const pushes = new VirtualPushes({
    clock,
    faults,
    console,
    sendEvent: (...event) => miniProgramPush.sendEvent(...event),
    provide: (order) => orders.provide(order),
  });
  const goods = settings.goods ?? [];
  return {
    settings,
    clock,
    faults,
    orders,
    pushes,
    goods: new Goods(
      clock,
      faults,
      goods.map(({ id, name, price }) => ({ id, name, priceFen: price })),
    ),
    refunds: new VirtualRefunds({
      clock,
      faults,
      settlesMs: refundSettlesMs,
      notifyRefund: (refund) => pushes.refunded(refund),
    }),
    complaints: new VirtualComplaints({
      clock,
      secrets,
      notifyComplaint: (complaint) => pushes.complained(complaint),
    }),
    bills: new VirtualBills({ clock, faults, secrets, orders }),
  };
}

/** The AppKey of an environment, which signs every call about this environment. */
export function appKeyOf({ settings }: Pick<VirtualWorld, 'settings'>, env: Env): string {
  return env === LIVE ? settings.liveAppKey : settings.sandboxAppKey;
}
