import * as v from 'valibot';
import { DELIVERIES } from '../../core/delivery.ts';
import { endpoint } from '../endpoint.ts';
import { fen } from './shared.ts';

/**
 * A fixed price has `unitFen`; a price that the buyer chooses has `minFen` and `maxFen`. A virtual payment of such an amount
 * must be a multiple of `stepFen`.
 */
const catalogItem = v.object({
  sku: v.string(),
  description: v.string(),
  kind: v.picklist(['goods', 'wallet-topup']),
  unitFen: v.optional(fen),
  minFen: v.optional(fen),
  maxFen: v.optional(fen),
  stepFen: v.optional(fen),
  virtualGood: v.boolean(),
  delivery: v.picklist(DELIVERIES),
  imageUrl: v.optional(v.string()),
});

export const getCatalog = endpoint({
  method: 'GET',
  path: '/catalog',
  summary: 'List the items that can be bought, with their prices; may be cached for 60 s',
  auth: 'none',
  status: 200,
  answer: v.object({ items: v.array(catalogItem) }),
  cacheS: 60,
  errors: ['NOT_CONFIGURED'],
});
