import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { CallLog } from '../call-log.ts';
import type { Clock } from '../clock.ts';
import type { Deliver } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import type { People } from '../people.ts';
import type { Secrets } from '../secrets.ts';
import type { SimulatorSettings, PaySettings } from '../settings.ts';
import { createAnnounce } from './announce.ts';
import type { Announce } from './announce.ts';
import { BillFiles } from './bill-files.ts';
import { Bills } from './bills.ts';
import { createNotify } from './notify.ts';
import { PayOrders } from './orders.ts';
import type { PlatformKeys } from './platform-keys.ts';
import { Refunds } from './refunds.ts';

/** WeChat Pay and the one merchant it has. */
export interface PayWorld {
  settings: PaySettings;
  /** The apps that are bound to the merchant. */
  appIds: string[];
  /** Checks the merchant's v3 requests. */
  merchantKey: KeyObject;
  keys: PlatformKeys;
  people: People;
  clock: Clock;
  faults: Faults;
  secrets: Secrets;
  orders: PayOrders;
  refunds: Refunds;
  bills: Bills;
  billFiles: BillFiles;
  announce: Announce;
}

interface Surroundings {
  clock: Clock;
  log: CallLog;
  faults: Faults;
  secrets: Secrets;
  deliver: Deliver;
  people: People;
  keys: PlatformKeys;
}

/** A merchant without orders. */
export function createPayWorld({ miniapp, official, pay }: SimulatorSettings, around: Surroundings): PayWorld {
  const { clock, faults, secrets, people, keys } = around;
  for (const key of [pay.apiV3Key, pay.apiV2Key ?? '']) secrets.keep(key);
  const orders = new PayOrders(clock, people);
  const announce = createAnnounce({ settings: pay, keys, clock, notify: createNotify(around) });
  return {
    settings: pay,
    appIds: [miniapp.appId, official.appId],
    merchantKey: createPublicKey(pay.merchantPublicKey),
    keys,
    people,
    clock,
    faults,
    secrets,
    orders,
    bills: new Bills(clock, orders, official.appId),
    billFiles: new BillFiles(clock, secrets),
    refunds: new Refunds({ clock, faults, settlesMs: pay.refundSettlesMs ?? 1_000, announce: announce.refund }),
    announce,
  };
}
