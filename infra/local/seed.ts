import { invokeFunction } from '../service/invoke.ts';
import type { Service } from '../service/service.ts';

const ITEMS = [
  { sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1_800 },
  { sku: 'top-up', description: 'Wallet top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 },
];

/** Fills the local catalogue, through the same function that fills the real one. */
export async function seedCatalogue(lambdaPort: number, service: Pick<Service, 'deployedName'>): Promise<void> {
  const result = await invokeFunction(lambdaPort, service.deployedName('catalog-put'), { items: ITEMS });
  if ('error' in result) throw new Error(`catalog-put rejected the local catalogue: ${result.error}`);
}
