import { sweepComplaints, type ComplaintSweep } from '../lib/complaints/sweep-complaints.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadComplaintSweep } from '../lib/wiring/complaints.ts';

const load = fresh(loadComplaintSweep);

export const handler = async (): Promise<ComplaintSweep> => sweepComplaints(await load());
