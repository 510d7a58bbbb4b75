import { X509Certificate, type KeyObject } from 'node:crypto';
import type { Runtime } from '../../core/runtime.ts';
import type { Certificates, CertificateStore } from '../../store/certificates.ts';
import type { PlatformCertificate } from './certificates.ts';

export interface PlatformKeyDeps extends Pick<Runtime, 'now' | 'log'> {
  certificates: CertificateStore;
  /** The configured public key, if there is one. */
  publicKey: { id: string; key: KeyObject } | undefined;
}

type FetchCertificates = () => Promise<PlatformCertificate[]>;

export type PlatformKeyRing = ReturnType<typeof platformKeyRing>;

/** Minimum interval between refetches for an unknown serial, which an attacker can choose. */
const COOLDOWN_MS = 10_000;
/** Maximum age of the list. WeChat lists a new certificate half a year before it signs with it (pay 1.5). */
const REFRESH_MS = 12 * 3_600_000;

/**
 * The keys that WeChat Pay signs with: the configured public key, and the platform certificates, which are fetched and
 * shared by all instances. Both at once, because WeChat signs with either while a merchant changes over (pay 1.6). A key
 * is found by its exact serial only.
 */
export function platformKeyRing({ certificates, publicKey, now, log }: PlatformKeyDeps) {
  let certificateKeys = new Map<string, { key: KeyObject; expiresAtMs: number }>();

  return { find, findConfigured, refreshIfOld };

  /**
   * Finds the key of a serial in memory, then in the table, then among freshly fetched certificates.
   * @throws the errors of `fetchList`
   */
  async function find(serial: string, fetchList: FetchCertificates): Promise<KeyObject | undefined> {
    const known = (await findConfigured(serial)) ?? keyOf(serial);
    if (known) return known;
    const stored = await certificates.read();
    if (stored) remember(stored.list);
    if (keyOf(serial) || (stored && now() - stored.triedAtMs < COOLDOWN_MS)) return keyOf(serial);
    await fetchAndStore(fetchList, COOLDOWN_MS);
    return keyOf(serial);
  }

  /** Finds only the configured public key: an answer with certificates cannot be checked with a certificate of its own. */
  async function findConfigured(serial: string): Promise<KeyObject | undefined> {
    return serial === publicKey?.id ? publicKey.key : undefined;
  }

  /**
   * Fetches the certificates when the stored list is old, outside of any request. A merchant that has only the public key
   * has no certificates; the empty list is stored too.
   * @throws the errors of `fetchList`
   */
  async function refreshIfOld(fetchList: FetchCertificates): Promise<void> {
    const stored = await certificates.read();
    if (now() - (stored?.fetchedAtMs ?? 0) < REFRESH_MS) return;
    await fetchAndStore(fetchList, REFRESH_MS / 12);
  }

  /** Does nothing when another instance claimed this fetch. */
  async function fetchAndStore(fetchList: FetchCertificates, intervalMs: number): Promise<void> {
    if (!(await certificates.claimFetch({ nowMs: now(), intervalMs }))) return;
    const list = await fetchList();
    await certificates.put({ list, nowMs: now() });
    log.info('pay.certificates-fetched', { serials: list.map(({ serial }) => serial) });
    remember(list);
  }

  function keyOf(serial: string): KeyObject | undefined {
    const found = certificateKeys.get(serial);
    return found && found.expiresAtMs > now() ? found.key : undefined;
  }

  function remember(list: Certificates['list']): void {
    certificateKeys = new Map(
      list.map(({ serial, pem, expiresAtMs }) => [serial, { key: new X509Certificate(pem).publicKey, expiresAtMs }]),
    );
  }
}
