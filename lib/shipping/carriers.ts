import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { fetchCarriers, type Carriers } from '../wechat/carriers.ts';
import type { PlatformDeps } from '../wechat/client.ts';
import { appFact } from './app-fact.ts';

export interface CarrierDeps {
  /** Returns WeChat's list, or undefined if WeChat never answered. */
  readCarriers(): Promise<Carriers | undefined>;
}

const DAY_MS = 24 * 3_600_000;
const MAX_SUGGESTIONS = 5;

/** Returns the reader of WeChat's list of carriers, which all instances share. */
export function carrierReader(
  deps: Parameters<typeof appFact>[0] & PlatformDeps & { accessToken: TokenOwner },
): CarrierDeps['readCarriers'] {
  const { app, accessToken } = deps;
  return appFact(deps, {
    name: 'carriers',
    request: () => accessToken.withToken((token) => fetchCarriers(deps, { app, accessToken: token })),
    freshMs: () => DAY_MS,
  });
}

/**
 * Checks the codes of carriers. Without WeChat's list every code passes, because the upload decides.
 * @throws PARAM_ERROR that names similar carriers
 */
export async function checkCarriers({ readCarriers }: CarrierDeps, codes: string[]): Promise<void> {
  if (codes.length === 0) return;
  const carriers = await readCarriers();
  if (!carriers) return;
  const unknown = codes.find((code) => !Object.hasOwn(carriers, code));
  if (unknown === undefined) return;
  const similar = similarCarriers(carriers, unknown).map(([code, name]) => `${code} (${name})`);
  const hint = similar.length > 0 ? `similar: ${similar.join(', ')}` : 'codes are such as YTO (圆通速递)';
  throw new AppError('PARAM_ERROR', `carrier: WeChat has no carrier with the code ${unknown}; ${hint}`);
}

/** Returns the carriers whose code or name resembles a text, the most similar first. */
function similarCarriers(carriers: Carriers, text: string): [code: string, name: string][] {
  const wanted = text.toUpperCase();
  return Object.entries(carriers)
    .map((carrier) => ({ carrier, distance: distanceOf(carrier, wanted) }))
    .filter(({ distance }) => distance < Infinity)
    .toSorted((a, b) => a.distance - b.distance || a.carrier[0].length - b.carrier[0].length)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ carrier }) => carrier);
}

/** Returns 0 for the same code or name, more for less similar carriers, and Infinity for others. */
function distanceOf([code, name]: [code: string, name: string], wanted: string): number {
  const [upperCode, upperName] = [code.toUpperCase(), name.toUpperCase()];
  if (upperCode === wanted || upperName === wanted) return 0;
  if (upperName.includes(wanted) || wanted.includes(upperName)) return 1;
  if (upperCode.startsWith(wanted) || (upperCode.length > 1 && wanted.startsWith(upperCode))) return 2;
  // The first two characters of a Chinese name are the name proper: 圆通 of 圆通速递.
  if (wanted.length > 1 && /\p{Script=Han}/u.test(wanted) && upperName.startsWith(wanted.slice(0, 2))) return 3;
  return differsByOne(upperCode, wanted) ? 4 : Infinity;
}

/** Whether one typing error separates two codes of at least three characters. */
function differsByOne(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < 3 || Math.abs(a.length - b.length) > 1) return false;
  const shorter = Math.min(a.length, b.length);
  let same = 0;
  while (same < shorter && a[same] === b[same]) same += 1;
  const [restOfA, restOfB] = [a.slice(same), b.slice(same)];
  if (a.length === b.length) return restOfA.slice(1) === restOfB.slice(1);
  return a.length > b.length ? restOfA.slice(1) === restOfB : restOfA === restOfB.slice(1);
}
