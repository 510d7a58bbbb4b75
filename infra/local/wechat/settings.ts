export interface MiniappSettings {
  appId: string;
  appSecret: string;
}

export interface OfficialSettings {
  appId: string;
  appSecret: string;
  /** Signs the pushes; plain mode, so the body itself is not protected. */
  token: string;
  callbackUrl: string;
  /** The account's `gh_…` id, `ToUserName` of every push; derived from the app id when absent. */
  originalId?: string;
}

export interface PaySettings {
  mchId: string;
  certSerial: string;
  /** SPKI PEM: checks the merchant's request signatures. */
  merchantPublicKey: string;
  /** 32 ASCII characters: encrypts the notifications. */
  apiV3Key: string;
  /** `PUB_KEY_ID_…`, sent as `Wechatpay-Serial`. */
  platformKeyId: string;
  /** PKCS#8 PEM: signs answers and notifications. */
  platformPrivateKey: string;
}

export interface SimulatorSettings {
  /** 0 = any free port. */
  port: number;
  miniapp: MiniappSettings;
  official: OfficialSettings;
  pay: PaySettings;
  /** The HTTP API that the phone in the browser talks to; the simulator itself never does. */
  apiUrl?: string;
}
