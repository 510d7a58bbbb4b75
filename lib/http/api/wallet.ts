import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { fen } from './shared.ts';

export const getWallet = endpoint({
  method: 'GET',
  path: '/wallet',
  summary: "Get the balance of the caller's wallet; negative when a refunded top-up was already spent",
  auth: 'session',
  status: 200,
  answer: v.object({ balanceFen: fen }),
  errors: ['UNAUTHENTICATED', 'NOT_CONFIGURED'],
});
