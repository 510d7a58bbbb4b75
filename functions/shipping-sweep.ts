import { fresh } from '../lib/secrets/fresh.ts';
import { sweepShipments, type ShipmentSweep } from '../lib/shipping/sweep-shipments.ts';
import { loadShippingSweep } from '../lib/wiring/shipping.ts';

const load = fresh(loadShippingSweep);

export const handler = async (): Promise<ShipmentSweep> => sweepShipments(await load());
