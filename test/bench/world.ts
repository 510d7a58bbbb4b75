// The environment of the functions: the real engine behind a meter, the WeChat simulator, settings and webhooks.
import { startEngine } from '../../infra/local/engine.ts';
import type { Ports } from '../../infra/service/ports.ts';
import { buildSettings } from '../../infra/local/settings.ts';
import { createTable } from '../../infra/service/table.ts';
import { startSimulator } from '../../infra/simulator/simulator.ts';
import { startBucket } from '../support/bucket.ts';
import { findFreePorts } from '../support/ports.ts';
import { startMeter } from './dynamodb-meter.ts';
import { phoneOf } from './phone.ts';
import type { Units } from './units.ts';
import { startWebhooks } from './webhooks.ts';

const TABLE_NAME = 'bench';

export type World = Awaited<ReturnType<typeof createWorld>>;

/** Starts the world on free ports, and writes its settings to the environment of this process. */
export async function createWorld() {
  const { enginePort, ports } = await choosePorts();
  const engine = await startEngine({ port: enginePort });
  await createTable(engine.endpoint, TABLE_NAME);
  const meter = await startMeter({ port: ports.dynamodb, endpoint: engine.endpoint });
  // Empty, because the figures must not depend on the environment of the caller.
  const { variables, simulator: simulatorSettings } = await buildSettings({}, ports, TABLE_NAME);
  // Secrets are variables here. The parameter store would add one call per container and minute.
  // Content checks have rows of their own (content-flows.ts).
  Object.assign(process.env, variables, { SECRETS_PATH: '', CONTENT_CHECK: 'off' });
  const bucket = await startBucket();
  const simulator = await startSimulator(simulatorSettings);
  // No push about a picture may arrive while another flow is measured.
  const body = JSON.stringify({ mediaDelayMs: 3_600_000 });
  await fetch(`${simulator.url}/_content-check`, { method: 'PUT', body });
  // Uploads of shipping information find a payment at once.
  await fetch(`${simulator.url}/_merchant/trade`, { method: 'POST', body: JSON.stringify({ knownAfterMs: 0 }) });
  const functions = await loadFunctions();
  const webhooks = await startWebhooks(ports.functionUrls, {
    'miniapp-events': functions.miniappEvents,
    'official-events': functions.officialEvents,
    'pay-notify': functions.payNotify,
  });
  const phone = phoneOf(simulator.url);
  return {
    functions,
    phone,
    webhooks,
    readUnits: async (): Promise<Units> => ({ ...meter.read(), calls: await phone.calls() }),
    stop: async () => {
      webhooks.stop();
      meter.stop();
      await Promise.all([simulator.close(), engine.stop(), bucket.stop()]);
    },
  };
}

/** Chooses the ports. The functions get the meter's as that of DynamoDB. */
async function choosePorts(): Promise<{ enginePort: number; ports: Ports }> {
  const free = (await findFreePorts(7)) as [number, number, number, number, number, number, number];
  const [enginePort, http, functionUrls, simulator, dynamodb, aws, lambda] = free;
  return { enginePort, ports: { http, functionUrls, simulator, dynamodb, aws, lambda } };
}

/** Loads the deployed handlers, after the settings are in the environment. */
async function loadFunctions() {
  return {
    catalogPut: (await import('../../functions/catalog-put.ts')).handler,
    miniappLogin: (await import('../../functions/miniapp-login.ts')).handler,
    miniappProfileUpdate: (await import('../../functions/miniapp-profile-update.ts')).handler,
    uploadCreate: (await import('../../functions/upload-create.ts')).handler,
    register: (await import('../../functions/register.ts')).handler,
    me: (await import('../../functions/me.ts')).handler,
    qrLoginCreate: (await import('../../functions/qr-login-create.ts')).handler,
    qrLoginPoll: (await import('../../functions/qr-login-poll.ts')).handler,
    miniappReply: (await import('../../functions/miniapp-reply.ts')).handler,
    miniappEvents: (await import('../../functions/miniapp-events.ts')).handler,
    officialEvents: (await import('../../functions/official-events.ts')).handler,
    jssdkConfig: (await import('../../functions/jssdk-config.ts')).handler,
    payPrepay: (await import('../../functions/pay-prepay.ts')).handler,
    payOrder: (await import('../../functions/pay-order.ts')).handler,
    payOrders: (await import('../../functions/pay-orders.ts')).handler,
    orderShip: (await import('../../functions/order-ship.ts')).handler,
    complaints: (await import('../../functions/complaints.ts')).handler,
    payNotify: (await import('../../functions/pay-notify.ts')).handler,
  };
}
