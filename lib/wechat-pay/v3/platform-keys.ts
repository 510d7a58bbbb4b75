import { X509Certificate, type KeyObject } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
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
/**
 * Maximum age of the list. WeChat Pay lists a new certificate months before signing with it.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012068829
 */
const REFRESH_MS = 12 * 3_600_000;

/**
 * Returns the keys with which WeChat Pay signs: the configured public key and the platform certificates. All instances
 * share the fetched certificates. Both kinds of keys are valid together, because WeChat Pay uses either while a
 * merchant migrates to the public key. A key is found only by its exact serial.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012154180
 */
export function platformKeyRing({ certificates, publicKey, now, log }: PlatformKeyDeps) {
  let certificateKeys = new Map<string, { key: KeyObject; expiresAtMs: number }>();

  return { find, findConfigured, findNewest, refreshIfOld };

  /**
   * Finds the key of a serial in memory, then in the table, then among newly fetched certificates. Returns undefined
   * for an unknown serial.
   * @throws the errors of `fetchList`
   */
  async function find(serial: string, fetchList: FetchCertificates): Promise<KeyObject | undefined> {
    const cached = (await findConfigured(serial)) ?? keyOf(serial);
    if (cached) return cached;
    const stored = await certificates.read();
    if (stored) remember(stored.list);
    if (keyOf(serial) || (stored && now() - stored.triedAtMs < COOLDOWN_MS)) return keyOf(serial);
    await fetchAndStore(fetchList, COOLDOWN_MS);
    return keyOf(serial);
  }

  /** Finds only the configured public key, for a response that itself delivers the certificates. */
  async function findConfigured(serial: string): Promise<KeyObject | undefined> {
    return serial === publicKey?.id ? publicKey.key : undefined;
  }

  /**
   * Returns the key that encrypts personal data for WeChat Pay: the configured public key, otherwise the certificate
   * that expires last.
   * @throws WECHAT_UNAVAILABLE when no certificate is valid; the errors of `fetchList`
   * @see https://pay.weixin.qq.com/doc/v3/partner/4013059053
   */
  async function findNewest(fetchList: FetchCertificates): Promise<{ id: string; key: KeyObject }> {
    if (publicKey) return publicKey;
    remember((await certificates.read())?.list ?? []);
    if (!newestSerial()) await fetchAndStore(fetchList, COOLDOWN_MS);
    const id = newestSerial();
    const key = id === undefined ? undefined : keyOf(id);
    if (id === undefined || !key) {
      throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay listed no valid certificate; retry in a minute');
    }
    return { id, key };
  }

  /**
   * Fetches the certificates when the stored list is older than REFRESH_MS. For a merchant that has only the public
   * key, an empty list is stored.
   * @throws the errors of `fetchList`
   */
  async function refreshIfOld(fetchList: FetchCertificates): Promise<void> {
    const stored = await certificates.read();
    if (now() - (stored?.fetchedAtMs ?? 0) < REFRESH_MS) return;
    await fetchAndStore(fetchList, REFRESH_MS / 12);
  }

  /** Fetches and stores the list. Does nothing when a fetch was claimed less than `intervalMs` ago. */
  async function fetchAndStore(fetchList: FetchCertificates, intervalMs: number): Promise<void> {
    if (!(await certificates.claimFetch({ nowMs: now(), intervalMs }))) return;
    const list = await fetchList();
    await certificates.put({ list, nowMs: now() });
    log.info('certificates.fetched', { serials: list.map(({ serial }) => serial) });
    remember(list);
  }

  function keyOf(serial: string): KeyObject | undefined {
    const entry = certificateKeys.get(serial);
    return entry && entry.expiresAtMs > now() ? entry.key : undefined;
  }

  function newestSerial(): string | undefined {
    const valid = [...certificateKeys].filter(([serial]) => keyOf(serial));
    return valid.toSorted(([, a], [, b]) => b.expiresAtMs - a.expiresAtMs)[0]?.[0];
  }

  function remember(list: Certificates['list']): void {
    certificateKeys = new Map(
      list.map(({ serial, pem, expiresAtMs }) => [serial, { key: new X509Certificate(pem).publicKey, expiresAtMs }]),
    );
  }
}
