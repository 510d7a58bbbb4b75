// The default settings of the simulators under test, and the keys of both sides.
import { generateKeyPairSync } from 'node:crypto';
import type { SimulatorSettings } from '../../../infra/simulator/simulator.ts';

const newKeys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export const merchantKeys = newKeys();
export const platformKeys = newKeys();

export const virtual = {
  offerId: '1450000001',
  liveAppKey: 'live-app-key-of-virtual-payment-0',
  sandboxAppKey: 'sandbox-app-key-of-virtual-payment',
  goods: [{ id: 'top-up', name: 'Top-up', price: 100 }],
};

export const settings: SimulatorSettings = {
  port: 0,
  miniapp: { appId: 'wx1111111111111111', appSecret: 'miniapp-secret' },
  official: {
    appId: 'wx2222222222222222',
    appSecret: 'official-secret',
    token: 'AAAAA',
    // Most tests read the XML of a push. push-modes.test.ts tests the other modes.
    mode: 'plain',
    callbackUrl: '',
    originalId: 'gh_7f083739789a',
  },
  pay: {
    mchId: '1900007291',
    certSerial: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB',
    merchantPublicKey: merchantKeys.publicKey,
    apiV3Key: '0123456789abcdef0123456789ABCDEF',
    apiV2Key: '192006250b4c09247ec02edce69f6a2d',
    platformKeyId: 'PUB_KEY_ID_0119000072912025110100000000000001',
    platformPrivateKey: platformKeys.privateKey,
  },
  virtual,
};
