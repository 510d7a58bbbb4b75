import { X509Certificate, type KeyObject } from 'node:crypto';
import type { Runtime } from '../core/runtime.ts';
import { claimFetch, putCertificates, readCertificates, type Certificates } from '../store/certificates.ts';
import type { Table } from '../store/table.ts';
import type { PlatformCertificate } from './v3/certificates.ts';
import type { PlatformKeys } from './v3/open-signed.ts';

export interface PlatformKeysDeps extends Pick<Runtime, 'now' | 'log'> {
  table: Table;
  mchId: string;
  /** The key that is set, if one is. */
  publicKey: { id: string; key: KeyObject } | undefined;
  /** Asks WeChat Pay for its certificates. */
  fetchCertificates(): Promise<PlatformCertificate[]>;
}

/** So often WeChat may be asked because of a serial that nobody knows: anybody can send one. */
const COOLDOWN_MS = 10_000;
/** So old the list may become. A new certificate is in it half a year before it signs (pay 1.5). */
const REFRESH_MS = 12 * 3_600_000;

/**
 * WeChat's keys: the public key that is set, and the platform certificates, which are fetched, kept in the table and
 * known to every instance. Both at once, because WeChat signs with either while a merchant changes over (pay 1.6); each
 * is found by its exact serial, never by being the only one.
 */
export function platformKeys(deps: PlatformKeysDeps): PlatformKeys {
  const { table, mchId, publicKey, now } = deps;
  let known = new Map<string, { key: KeyObject; expiresAtMs: number }>();
  const find = (serial: string) => {
    const found = known.get(serial);
    return found && found.expiresAtMs > now() ? found.key : undefined;
  };
  const take = ({ list }: Pick<Certificates, 'list'>) => {
    known = new Map(
      list.map(({ serial, pem, expiresAtMs }) => [serial, { key: new X509Certificate(pem).publicKey, expiresAtMs }]),
    );
  };
  return async (serial) => {
    if (serial === publicKey?.id) return publicKey.key;
    const key = find(serial);
    if (key) return key;
    const stored = await readCertificates(table, mchId);
    if (stored) take(stored);
    if (find(serial) || (stored && now() - stored.triedAtMs < COOLDOWN_MS)) return find(serial);
    const fetched = await refresh(deps, COOLDOWN_MS);
    if (fetched) take({ list: fetched });
    return find(serial);
  };
}

/**
 * Fetches the certificates anew when those in the table are old: ahead of their use, outside of any request. A merchant
 * with the public key alone has none, which is an answer too.
 */
export async function refreshCertificates(deps: PlatformKeysDeps): Promise<void> {
  const stored = await readCertificates(deps.table, deps.mchId);
  if (deps.now() - (stored?.fetchedAtMs ?? 0) < REFRESH_MS) return;
  await refresh(deps, REFRESH_MS / 12);
}

/** What WeChat Pay answers, kept for all; undefined when it is somebody else's turn to ask. */
async function refresh(deps: PlatformKeysDeps, intervalMs: number): Promise<PlatformCertificate[] | undefined> {
  const { table, mchId, now, log } = deps;
  if (!(await claimFetch(table, { mchId, nowMs: now(), intervalMs }))) return undefined;
  const list = await deps.fetchCertificates();
  await putCertificates(table, { mchId, list, nowMs: now() });
  log.info('pay.certificates', { serials: list.map(({ serial }) => serial) });
  return list;
}
