// Packages without types, as far as the tests use them.
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
