// Types of untyped packages, limited to the members that the tests use.
declare module 'wechat-crypto' {
  export default class WXBizMsgCrypt {
    constructor(token: string, encodingAesKey: string, appId: string);
    getSignature(timestamp: string, nonce: string, encrypt: string): string;
    decrypt(encrypt: string): { message: string; id: string };
    encrypt(message: string): string;
  }
}

declare module 'co-wechat-api' {
  export default class API {
    constructor(appId: string, appSecret: string);
    registerTicketHandle(read: () => Promise<{ ticket: string; expireTime: number }>, save: () => Promise<void>): void;
    getJsConfig(page: { url: string; jsApiList: string[] }): Promise<{
      timestamp: string;
      nonceStr: string;
      signature: string;
    }>;
  }
}

// The types of this package declare a namespace that the module does not export.
declare module 'wechatpay-axios-plugin' {
  interface Axios {
    get<Data = unknown>(url: string, config?: object): Promise<{ data: Data }>;
    post<Data = unknown>(url: string, data: object, config?: object): Promise<{ data: Data; status: number }>;
  }
  /** A form; its JSON is the field `meta`, which the signature of an upload covers. */
  interface Multipart {
    append(name: string, value: string | Buffer, filename?: string): Multipart;
    getHeaders(): Record<string, string>;
    getBuffer(): Buffer;
  }
  interface Wechatpay {
    new (config: {
      baseURL: string;
      mchid: string;
      serial: string;
      privateKey: string;
      certs: Record<string, string>;
      secret: string;
    }): { client: { v2: Axios; v3: Axios } };
    Aes: {
      AesGcm: {
        encrypt(plaintext: string, key: string, nonce: string, associatedData: string): string;
        decrypt(ciphertext: string, key: string, nonce: string, associatedData: string): string;
      };
      AesEcb: { encrypt(plaintext: string, key: string): string; decrypt(ciphertext: string, key: string): string };
    };
    Multipart: new () => Multipart;
    Formatter: {
      request(method: string, path: string, timestamp: string, nonce: string, body: string): string;
      response(timestamp: string, nonce: string, body: string): string;
    };
    Hash: {
      md5(text: string): string;
      sign(type: 'MD5' | 'HMAC-SHA256', fields: Record<string, string>, key: string): string;
    };
    Rsa: {
      sign(message: string, privateKey: import('node:crypto').KeyObject): string;
      decrypt(ciphertext: string, privateKey: string | import('node:crypto').KeyObject): string;
      verify(message: string, signature: string, publicKey: string | import('node:crypto').KeyObject): boolean;
    };
    Transformer: { toXml(fields: Record<string, string>): string; toObject(xml: string): Record<string, string> };
  }
  const wechatpay: Wechatpay;
  export default wechatpay;
}

declare module 'xml2js' {
  export function parseStringPromise(xml: string, options: { explicitArray: false }): Promise<{ xml: unknown }>;
  export class Builder {
    constructor(options: { rootName: string; cdata: boolean; headless: boolean });
    buildObject(fields: Record<string, string>): string;
  }
}

declare module 'tenpay' {
  type Fields = Record<string, string>;
  interface Reply {
    reply?(message?: string): void;
    header(name: string, value: string): void;
    send(body: string): void;
  }
  export default class Tenpay {
    constructor(merchant: { appid: string; mchid: string; partnerKey: string });
    /** The address of each call. */
    urls: Fields;
    unifiedOrder(order: object): Promise<Fields>;
    orderQuery(order: object): Promise<Fields>;
    closeOrder(order: object): Promise<Fields>;
    refund(refund: object): Promise<Fields>;
    refundQuery(refund: object): Promise<Fields>;
    middlewareForExpress(
      type: 'pay' | 'refund',
    ): (request: { body: string; weixin?: Fields }, response: Reply, next: () => void) => Promise<void>;
  }
}
