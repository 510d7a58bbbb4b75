import { consumer } from '../lib/events/consumer.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { startShipment } from '../lib/shipping/start-shipment.ts';
import { loadShipmentStart } from '../lib/wiring/shipping.ts';

const load = fresh(loadShipmentStart);

export const handler = consumer({
  'order.paid': async (event) => {
    const deps = await load();
    if (deps) await startShipment(deps, event);
  },
});
