// Uploads while answers of the table are lost: the SDK repeats a write, which then conflicts with its own first attempt.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShippingWorld, type ShippingWorld } from '../support/shipping-world.ts';
import { UPLOAD } from '../support/trade-controls.ts';
import { unsteadyEngine } from '../support/unsteady-engine.ts';

let world: ShippingWorld;
let engine: Awaited<ReturnType<typeof unsteadyEngine>>;
beforeAll(async () => {
  engine = await unsteadyEngine();
  world = await createShippingWorld({ via: engine.before });
});
afterAll(async () => {
  await world.close();
  engine.close();
});

describe('an upload whose table loses the answer', () => {
  it.each([
    ['to the new shipment', 'attribute_not_exists'],
    ['to the claim', 'claimId'],
    ['to the outcome', 'shippedAt'],
  ])('%s ships a virtual order once', async (_, part) => {
    const order = await world.topUp();
    engine.loseAnswerOf('PutItem', part);
    await world.start(order.outTradeNo);
    expect(await world.shipment(order.outTradeNo)).toMatchObject({ state: 'shipped' });
    expect(await world.shipment(order.outTradeNo)).not.toHaveProperty('pending');
    expect(world.bodies(UPLOAD, order.transactionId)).toHaveLength(1);
  });

  it.each([
    ['to the claim', 'claimId'],
    ['to the outcome', 'shippedAt'],
  ])('%s ships the parcels of an operator once', async (_, part) => {
    const order = await world.coffee();
    await world.start(order.outTradeNo);
    await world.wait(3_000);
    engine.loseAnswerOf('PutItem', part);
    const parcels = [{ carrier: 'YTO', trackingNo: 'YT-A' }];
    await expect(world.ship({ outTradeNo: order.outTradeNo, parcels })).resolves.toMatchObject({
      shipping: { state: 'shipped', parcels },
    });
    expect(world.bodies(UPLOAD, order.transactionId)).toHaveLength(1);
  });
});
