import { expect, test } from 'vitest';
import { decryptMessage, encryptMessage, signatureOf } from '../../../infra/simulator/push/cipher.ts';

const zeroKey = 'A'.repeat(43);
const demoKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';

const followXml =
  '<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName><FromUserName><![CDATA[oia2TjjewbmiOUlr6X-1crbLOvLw]]></FromUserName><CreateTime>1409304348</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_login:abc123]]></EventKey><Ticket><![CDATA[TICKET]]></Ticket></xml>';

// Vectors of the official documentation and demo: https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
const vectors = [
  {
    name: 'push in JSON',
    aesKey: zeroKey,
    appId: 'wxba5fad812f8e6fb9',
    random: 'a8eedb185eb2fecf',
    message:
      '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}',
    encrypted:
      '+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=',
    signed: ['AAAAA', '1714112445', '415670741'],
    signature: '046e02f8204d34f8ba5fa3b1db94908f3df2e9b3',
  },
  {
    name: 'reply in JSON',
    aesKey: zeroKey,
    appId: 'wxba5fad812f8e6fb9',
    random: '707722b803182950',
    message: '{"demo_resp":"good luck"}',
    encrypted: 'ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==',
    signed: ['AAAAA', '1713424427', '415670741'],
    signature: '1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1',
  },
  {
    name: 'push in XML',
    aesKey: zeroKey,
    appId: 'wx134c8103faa5a59e',
    random: '1205899eaf019bbd',
    message: [
      '<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>',
      '<FromUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODIiE3bGY]]></FromUserName>',
      '<CreateTime>1715943329</CreateTime>',
      '<MsgType><![CDATA[event]]></MsgType>',
      '<Event><![CDATA[debug_demo]]></Event>',
      '<debug_str><![CDATA[hello world]]></debug_str>',
      '</xml>',
    ].join('\n'),
    encrypted:
      'D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//1vr7oAbqjDv8KenVp+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN8OBqCzFhizGmy0xpM0MEA4agpvE+RuNO1rhHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ookXIFxTfyeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywma6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFDMVCLyjQJ15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpagSCX/laZINmdnX4zrF6kIaR9P4xQrWXbsTFHTYe0Mg==',
    signed: ['AAAAA', '1715943329', '1590219412'],
    signature: '6c12a4205838198b8fa631b3220723bb07f1015c',
  },
  {
    name: 'reply in XML',
    aesKey: zeroKey,
    appId: 'wx134c8103faa5a59e',
    random: '999951349e8ee746',
    message: '<xml><demo_resp>[CDATA[good luck]]</demo_resp></xml>',
    encrypted:
      'hE8R6mGXHkJJjU72KxzKUd1GEkKJaEZq7vRL8XgK3o+00k8JGq6+pZJUIlTSyhsX+bxIBQ72g3GyvDdIZcr6+3HAZbSvPT9t/o11MI7d6WELwqrGd7jMnV0zv3Zc9Nq7',
    signed: ['AAAAA', '1713424427', '415670741'],
    signature: '03e0812039325c2712ef5f0f980fd14c70d6e307',
  },
  {
    name: 'Chinese text',
    aesKey: demoKey,
    appId: 'wxb11529c136998cb6',
    random: 'aaaabbbbccccdddd',
    message: '我是中文abcd123',
    encrypted: 'jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==',
    signed: ['pamtest', '1409304348', 'xxxxxx'],
    signature: '82c962d39941aa48552f90ef55aa323dc620cc10',
  },
  {
    name: 'follow by a scan',
    aesKey: demoKey,
    appId: 'wxb11529c136998cb6',
    random: 'aaaabbbbccccdddd',
    message: followXml,
    encrypted:
      'jn1L23DB+6ELqJ+6bruv2zojO67qZY5Fx6KNvf4iHfRdM814WPYLyHcRk3wkQMX0iBNuPmKFqkwzwf9s/qkIvsHCO6uAY0Wwxssd65OV9TTen4yIpA6G7ikq2kzTniVPDtbCPtaLHHNlpEladL3qZ71Vs4lKF1szDciJpaA7n/RbR2LIi5RSBsjDtuJz8UMKV9KE7SV2QBr5yGylxnzZl9xOwlmko+C3IpVlPSg/Uau5Ja/8j/WPfntYsR17EuS/GsNGO0bYwuNO7Bs2pvIuDbUl2gSXfUoqAi1iT7/N9xJ3uTxwkmeqG1OFYZP+sNg6xo0nsTGAqQXWGDpP39gPe4Y8l2tYBKLgH8EfMMM+Fth3A6Sb+Lt0XsdfTxc+yFrEQ4ngQmXnLIiXjRS2Dq2tkV4j6I91EHqoyq4B01EMSL8DRpVmcTtrkKd1dYKRDqnwV7Kg4g+kREvLA67xd77h85oPtriFCxg8C9w+iES0I0FEBL5jdwqbfGs6+Al7xhQF',
    signed: ['pamtest', '1409304348', 'xxxxxx'],
    signature: 'a1bf3a3546698900bbd9b59f25bc1d859114b5a7',
  },
];

test.each(vectors)('$name: encrypted, decrypted and signed', (vector) => {
  const { aesKey, message, appId, random, encrypted, signed, signature } = vector;
  expect(encryptMessage(aesKey, { message, appId }, Buffer.from(random))).toBe(encrypted);
  expect(decryptMessage(aesKey, encrypted, appId)).toBe(message);
  expect(signatureOf(...signed, encrypted)).toBe(signature);
});

test('parts are sorted by code unit', () => {
  expect(signatureOf('abc', '1', '2', 'Bxx')).toBe('d4d12376dc4b3c74316e57eb0adfe11ed8136ca4');
});

test.each(Array.from({ length: 33 }, (_, length) => ['x'.repeat(length)]))('a message of any length: %j', (message) => {
  const encrypted = encryptMessage(demoKey, { message, appId: 'wx1' });
  expect(Buffer.from(encrypted, 'base64').length % 32).toBe(0);
  expect(decryptMessage(demoKey, encrypted, 'wx1')).toBe(message);
});

test('rejects invalid input with the reason', () => {
  const encrypted = encryptMessage(demoKey, { message: 'hello', appId: 'wx1' });
  const bytes = Buffer.from(encrypted, 'base64');
  const open =
    (text: string, key = demoKey, appId = 'wx1') =>
    () =>
      decryptMessage(key, text, appId);
  expect(open('not base64!')).toThrow('not base64');
  expect(open(bytes.subarray(0, 16).toString('base64'))).toThrow('multiple of 32');
  expect(open(encrypted, zeroKey)).toThrow('Encrypt');
  expect(open(encrypted, demoKey, 'wx2')).toThrow('does not end with the app id');
  expect(open(encryptMessage(demoKey, { message: '', appId: 'wx1wx1' }))).toThrow('does not end with the app id');
});
