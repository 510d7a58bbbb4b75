import { AppError } from '../core/errors.ts';
import type { Complaint, ComplaintApiName } from '../store/complaints.ts';

/** The dependencies of flows about complaints, for each API that is set up. */
export type ComplaintApis<Deps> = Partial<Record<ComplaintApiName, Deps>>;

/** Returns the dependencies of all APIs. */
export function depsOf<Deps>({ v3, virtual }: ComplaintApis<Deps>): Deps[] {
  return [...(v3 ? [v3] : []), ...(virtual ? [virtual] : [])];
}

/**
 * Returns the dependencies for a stored complaint.
 * @throws NOT_CONFIGURED when its API is not set up any more
 */
export function apiOf<Deps>(apis: ComplaintApis<Deps>, complaint: Pick<Complaint, 'api'>): Deps {
  const api: ComplaintApiName = complaint.api ?? 'v3';
  const deps = apis[api];
  if (deps) return deps;
  const setting = api === 'virtual' ? 'VIRTUAL_PAY_OFFER_ID' : 'PAY_MCH_PRIVATE_KEY';
  throw new AppError('NOT_CONFIGURED', `${setting} is missing, and the complaint needs it`, { detail: { setting } });
}
