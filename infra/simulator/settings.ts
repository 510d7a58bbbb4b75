import type { Answer, Call } from './http.ts';

export interface AppSettings {
  appId: string;
  appSecret: string;
  /** The message templates it has; each id that begins with `tpl_` if absent. */
  templateIds?: string[];
}

export const PUSH_MODES = ['plain', 'compatible', 'secure'] as const;
export type PushMode = (typeof PUSH_MODES)[number];

export interface OfficialSettings extends AppSettings {
  /** Signs the pushes. */
  token: string;
  /** How pushes are protected: plain if absent. */
  mode?: PushMode;
  /** EncodingAESKey, 43 letters and digits: encrypts the pushes in the other two modes. */
  aesKey?: string;
  callbackUrl: string;
  /** The account's `gh_…` id, `ToUserName` of every push; derived from the app id when absent. */
  originalId?: string;
  /** The host that web authorization may return to; any if absent. */
  oauthDomain?: string;
}

export interface PaySettings {
  mchId: string;
  certSerial: string;
  /** SPKI PEM: checks the merchant's request signatures. */
  merchantPublicKey: string;
  /** 32 ASCII characters: encrypts the notifications. */
  apiV3Key: string;
  /** 32 characters: signs v2, and encrypts its refund notifications. Without it nobody can speak v2. */
  apiV2Key?: string;
  /** Of the merchant console: where the refunds that named no address of their own are told, in v2. */
  refundCallbackUrl?: string;
  /** How long a refund is under way: a second, if nothing is said. */
  refundSettlesMs?: number;
  /** `PUB_KEY_ID_…`, sent as `Wechatpay-Serial`; empty for a merchant with platform certificates instead. */
  platformKeyId: string;
  /** PKCS#8 PEM: signs answers and notifications under the id above. */
  platformPrivateKey: string;
}

export interface SimulatorSettings {
  /** 0 = any free port. */
  port: number;
  miniapp: AppSettings;
  official: OfficialSettings;
  pay: PaySettings;
  /** Answers the requests of a browser for a page on this port; undefined for every other request. */
  page?: (call: Call) => Promise<Answer | undefined>;
  /** Where an address is served to which pushes and notifications go, when it is one that no DNS knows. */
  servedAt?(url: string): string;
}
