import type { Answer, Call } from './http.ts';

export interface AppSettings {
  appId: string;
  appSecret: string;
  /** The app's message templates; if absent, every id that begins with `tpl_` is valid. */
  templateIds?: string[];
}

export const PUSH_MODES = ['plain', 'compatible', 'secure'] as const;
export type PushMode = (typeof PUSH_MODES)[number];

export const PUSH_FORMATS = ['json', 'xml'] as const;
export type PushFormat = (typeof PUSH_FORMATS)[number];

/** The message push of an app. */
export interface PushSettings {
  /** Signs the pushes; without it the app has no pushes. */
  token?: string;
  /** The encryption mode of pushes; secure if absent. */
  mode?: PushMode;
  format?: PushFormat;
  /** EncodingAESKey, 43 letters and digits: encrypts pushes in the modes `compatible` and `secure`. */
  aesKey?: string;
  /** The app has no pushes without it. */
  callbackUrl?: string;
  /** The app's `gh_…` id, `ToUserName` of every push; derived from the app id when absent. */
  originalId?: string;
}

/** The format of pushes is JSON if absent. */
interface MiniProgramSettings extends AppSettings, PushSettings {
  /** The pages of the released version; if absent, every page exists. */
  pages?: string[];
}

/** The official account has the format XML only. */
interface OfficialSettings extends AppSettings, Omit<PushSettings, 'format'> {
  token: string;
  callbackUrl: string;
  /** The host that web authorization may redirect to; any host if absent. */
  oauthDomain?: string;
}

export interface PaySettings {
  mchId: string;
  certSerial: string;
  /** SPKI PEM: checks the merchant's request signatures. */
  merchantPublicKey: string;
  /**
   * 32 ASCII characters: encrypts the notifications.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012072195
   */
  apiV3Key: string;
  /** 32 characters: signs API v2 and encrypts its refund notifications. API v2 is unavailable without it. */
  apiV2Key?: string;
  /** The notification URL of the merchant platform, for refunds without a notify_url; notified in API v2. */
  refundCallbackUrl?: string;
  /** The registered notification URL of complaints; the merchant can change it with the API. */
  complaintCallbackUrl?: string;
  /** Time until a refund ends, in ms; 1,000 if absent. */
  refundSettlesMs?: number;
  /** `PUB_KEY_ID_…`, sent as `Wechatpay-Serial`; empty for a merchant with platform certificates instead. */
  platformKeyId: string;
  /** PKCS#8 PEM: signs answers and notifications under the id above. */
  platformPrivateKey: string;
}

/** The virtual payment of the mini-program. */
export interface VirtualSettings {
  offerId: string;
  liveAppKey: string;
  sandboxAppKey: string;
  /** Goods that were published long ago in both environments; `price` is that of one good, in fen. */
  goods?: { id: string; name: string; price: number }[];
}

export interface SimulatorSettings {
  /** 0 = any free port. */
  port: number;
  miniapp: MiniProgramSettings;
  official: OfficialSettings;
  pay: PaySettings;
  /** The mini-program has no virtual payment without it. */
  virtual?: VirtualSettings;
  /** Answers the requests of a browser for a page on this port; undefined for every other request. */
  page?: (call: Call) => Promise<Answer | undefined>;
  /** Maps a push or notification URL to the address that serves it, for hosts without a DNS entry. */
  servedAt?(url: string): string;
}
