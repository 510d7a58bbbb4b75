// Compares the JS-SDK signature with the official samples of both editions of the documentation, and with two other
// implementations.
import API from 'co-wechat-api';
import * as fc from 'fast-check';
import JsApiTicket from 'node-easywechat/dist/OfficialAccount/JsApiTicket.js';
import { describe, expect, it } from 'vitest';
import { signJssdkConfig } from '../../lib/wechat/jssdk-signature.ts';

const sample = {
  nonceStr: 'Wm3WZYTPz0wzccnW',
  ticket: 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg',
  timestamp: 1_414_587_457,
};

describe('signJssdkConfig', () => {
  it.each([
    ['http://mp.weixin.qq.com?params=value', '0f9de62fce790f9a083d5c99e95740ceb90c27ed'],
    ['http://mp.weixin.qq.com', 'f4d90daf4b3bca3078ab155816175ba34c443a7b'],
  ])('signs the official sample for %s', (url, signature) => {
    expect(signJssdkConfig({ ...sample, url })).toBe(signature);
  });

  const ticket = fc.stringMatching(/^[\w-]{1,100}$/);
  const url = fc.webUrl({ withQueryParameters: true });

  it('agrees with co-wechat-api on any ticket and page', async () => {
    await fc.assert(
      fc.asyncProperty(ticket, url, async (someTicket, page) => {
        const peer = new API('wx', 'secret');
        const stored = { ticket: someTicket, expireTime: Number.MAX_SAFE_INTEGER };
        peer.registerTicketHandle(
          async () => stored,
          async () => undefined,
        );
        const { nonceStr, timestamp, signature } = await peer.getJsConfig({ url: page, jsApiList: [] });
        const own = signJssdkConfig({ ticket: someTicket, nonceStr, timestamp: Number(timestamp), url: page });
        expect(own).toBe(signature);
      }),
    );
  });

  it('agrees with node-easywechat on any ticket, page, nonce and time', async () => {
    const nonce = fc.stringMatching(/^[A-Za-z0-9]{1,32}$/);
    const time = fc.integer({ min: 1, max: 4_000_000_000 });
    await fc.assert(
      fc.asyncProperty(ticket, url, nonce, time, async (someTicket, page, nonceStr, timestamp) => {
        class FixedTicket extends JsApiTicket {
          override async getTicket(): Promise<string> {
            return someTicket;
          }
        }
        const { signature } = await new FixedTicket('wx', 'secret').configSignature(page, nonceStr, timestamp);
        expect(signJssdkConfig({ ticket: someTicket, nonceStr, timestamp, url: page })).toBe(signature);
      }),
    );
  });
});
