import { once } from '../lib/core/once.ts';
import { consumer } from '../lib/events/consumer.ts';
import { applyRevocation } from '../lib/privacy/apply-revocation.ts';
import { loadRevocation } from '../lib/wiring/privacy.ts';
import { patient } from '../lib/wiring/table.ts';

const load = once(async () => patient(await loadRevocation()));

export const handler = consumer({
  'user.authorization-revoked': async (event) => applyRevocation(await load(), event),
});
