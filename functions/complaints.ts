import { operateComplaints } from '../lib/complaints/operate.ts';
import { operatorFunction } from '../lib/core/wechat-words.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadComplaints } from '../lib/wiring/complaints.ts';

const load = fresh(loadComplaints);

export const handler = operatorFunction(async (input) => operateComplaints(await load(), input));
