import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { CallLog } from '../call-log.ts';
import type { Clock } from '../clock.ts';
import type { Deliver } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import type { SimulatorSettings, PaySettings } from '../settings.ts';
import type { WechatUsers } from '../wechat-users.ts';
import { BillFiles } from './bill-files.ts';
import { Bills } from './bills.ts';
import { Complaints } from './complaints.ts';
import { FeedbackImages } from './feedback-images.ts';
import { createMerchantNotifier } from './merchant-notifier.ts';
import type { MerchantNotifier } from './merchant-notifier.ts';
import { createNotificationDelivery } from './notification-delivery.ts';
import { PayOrders } from './orders.ts';
import type { PlatformKeys } from './platform-keys.ts';
import { Refunds } from './refunds.ts';

/** The state of WeChat Pay with its single merchant. */
export interface PayWorld {
  settings: PaySettings;
  /** The apps bound to the merchant. */
  appIds: string[];
  /** Checks the merchant's v3 requests. */
  merchantKey: KeyObject;
  keys: PlatformKeys;
  users: WechatUsers;
  clock: Clock;
  faults: Faults;
  secrets: IssuedSecrets;
  orders: PayOrders;
  refunds: Refunds;
  complaints: Complaints;
  feedbackImages: FeedbackImages;
  bills: Bills;
  billFiles: BillFiles;
  notifier: MerchantNotifier;
}

interface PayDependencies {
  clock: Clock;
  log: CallLog;
  faults: Faults;
  secrets: IssuedSecrets;
  deliver: Deliver;
  users: WechatUsers;
  keys: PlatformKeys;
}

/** Creates the state of a merchant without orders. */
export function createPayWorld({ miniapp, official, pay }: SimulatorSettings, dependencies: PayDependencies): PayWorld {
  const { clock, faults, secrets, users, keys } = dependencies;
  for (const key of [pay.apiV3Key, pay.apiV2Key ?? '']) secrets.record(key);
  const orders = new PayOrders(clock, users, faults);
  const notifier = createMerchantNotifier({
    settings: pay,
    keys,
    clock,
    faults,
    deliverNotification: createNotificationDelivery(dependencies),
  });
  const complaints = new Complaints({
    clock,
    secrets,
    callbackUrl: pay.complaintCallbackUrl,
    notifyComplaint: notifier.notifyComplaint,
  });
  return {
    settings: pay,
    appIds: [miniapp.appId, official.appId],
    merchantKey: createPublicKey(pay.merchantPublicKey),
    keys,
    users,
    clock,
    faults,
    secrets,
    orders,
    bills: new Bills(clock, orders, official.appId),
    billFiles: new BillFiles(clock, secrets),
    complaints,
    feedbackImages: new FeedbackImages(),
    refunds: new Refunds({
      clock,
      faults,
      settlesMs: pay.refundSettlesMs ?? 1_000,
      followRefund: (refund) => complaints.followRefund(refund),
      notifyRefund: notifier.notifyRefund,
    }),
    notifier,
  };
}
