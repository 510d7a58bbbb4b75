// The official sample of the JS-SDK signature, in both editions of the documentation.
import { describe, expect, it } from 'vitest';
import { signJssdkConfig } from '../../lib/wechat/jssdk-signature.ts';

const sample = {
  nonceStr: 'Wm3WZYTPz0wzccnW',
  ticket: 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg',
  timestamp: 1_414_587_457,
};

describe('wx.config signature', () => {
  it.each([
    ['http://mp.weixin.qq.com?params=value', '0f9de62fce790f9a083d5c99e95740ceb90c27ed'],
    ['http://mp.weixin.qq.com', 'f4d90daf4b3bca3078ab155816175ba34c443a7b'],
  ])('%s', (url, signature) => {
    expect(signJssdkConfig({ ...sample, url })).toBe(signature);
  });
});
