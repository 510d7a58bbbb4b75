import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { fen } from './shared.ts';

export const getWallet = endpoint({
  method: 'GET',
  path: '/wallet',
  summary: "What is in the caller's wallet; below zero when a refunded top-up was spent before",
  auth: 'session',
  status: 200,
  answer: v.object({ balanceFen: fen }),
  errors: ['UNAUTHENTICATED', 'NOT_CONFIGURED'],
});
