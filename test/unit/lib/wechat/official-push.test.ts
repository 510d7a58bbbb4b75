import { XMLParser } from 'fast-xml-parser';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readMessageKey, sealMessage, signParts } from '../../../../lib/wechat/message-cipher.ts';
import { openOfficialPush } from '../../../../lib/wechat/official-push.ts';
import type { PushKeys } from '../../../../lib/wechat/open-push.ts';
import { APP_ID, NOW_S, openSealed, plainKeys, pushXml, signedQuery } from './pushes.ts';

const current = readMessageKey('A'.repeat(43))!;
const previous = readMessageKey('B'.repeat(43))!;
const unknown = readMessageKey('C'.repeat(43))!;
const scan = '<MsgType>event</MsgType><Event>SCAN</Event><EventKey>login:x</EventKey>';
const random = Buffer.alloc(16);
const seal = (key = current, appId = APP_ID, xml = pushXml(scan)) => sealMessage(xml, { key, appId, random });
const encryptedBody = (encrypted: string, more = '') =>
  Buffer.from(`<xml>${more}<Encrypt>${encrypted}</Encrypt></xml>`);
/** A time at which a captured query is valid again, with nonce and timestamp exchanged. */
const LATER_S = NOW_S + 86_400;
/** Exchanges timestamp and nonce. The sorted parts stay the same, so both signatures stay valid. */
const exchange = (query: URLSearchParams) => {
  const exchanged = new URLSearchParams(query);
  exchanged.set('timestamp', query.get('nonce')!);
  exchanged.set('nonce', query.get('timestamp')!);
  return exchanged;
};
const FORBIDDEN = expect.objectContaining({ code: 'FORBIDDEN' }) as Error;

afterEach(() => vi.restoreAllMocks());

describe.each(['compatible', 'secure'] as const)('openOfficialPush in %s mode', (mode) => {
  const keys: PushKeys = { ...plainKeys, mode, aesKeys: [current, previous] };
  const open = (encrypted: string, query = signedQuery([encrypted]), more = '') =>
    openOfficialPush(query, encryptedBody(encrypted, more), keys);

  it('opens a push that is encrypted with the current key or, during a rotation, with the previous key', () => {
    expect(open(seal())).toMatchObject({ content: { event: 'scan' }, openedWith: current });
    expect(open(seal(previous))).toMatchObject({ content: { event: 'scan' }, openedWith: previous });
  });

  it('reads only the encrypted part and ignores plain fields beside it', () => {
    const forgery = '<FromUserName>o_victim</FromUserName><MsgType>event</MsgType><Event>unsubscribe</Event>';
    expect(open(seal(), undefined, forgery)).toMatchObject({ openId: 'o_1', content: { event: 'scan' } });
  });

  it.each([
    ['in a CDATA section', '<Content><![CDATA[<Encrypt>AAAA</Encrypt>]]></Content>'],
    ['after a CDATA section of its own', '<Content><![CDATA[<![CDATA[x]]><Encrypt>AAAA</Encrypt>]]></Content>'],
    ['as an element', `<Encrypt>${seal(previous)}</Encrypt>`],
  ])('reads the last Encrypt, because a user can write an earlier one %s', (_, earlier) => {
    expect(open(seal(), undefined, earlier)).toMatchObject({ content: { event: 'scan' }, openedWith: current });
  });

  it('needs no plain signature, because msg_signature covers more', () => {
    const query = signedQuery([seal()]);
    query.delete('signature');
    expect(open(seal(), query)).toMatchObject({ openId: 'o_1' });
  });

  const rejectionOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return { code, message };
    }
    return undefined;
  };

  it('rejects every forged push with the same error, so that an attacker learns nothing', () => {
    const sealed = seal();
    const attempts = {
      plain: () => openOfficialPush(signedQuery(), Buffer.from(pushXml(scan)), keys),
      'plain with encrypt_type': () =>
        openOfficialPush(new URLSearchParams(`${signedQuery()}&encrypt_type=aes`), Buffer.from(pushXml(scan)), keys),
      'no body': () => openOfficialPush(signedQuery(), Buffer.alloc(0), keys),
      'a body that is not XML': () => openOfficialPush(signedQuery(), Buffer.from('{}'), keys),
      'a DOCTYPE': () =>
        openOfficialPush(
          signedQuery([sealed]),
          Buffer.concat([Buffer.from('<!DOCTYPE x>'), encryptedBody(sealed)]),
          keys,
        ),
      'text after the XML': () =>
        openOfficialPush(signedQuery([sealed]), Buffer.concat([encryptedBody(sealed), Buffer.from('x')]), keys),
      'a nested encrypted part': () => open(`<b>${sealed}</b>`, signedQuery([sealed])),
      'a signature over the query alone': () => {
        const query = signedQuery([sealed]);
        query.set('msg_signature', query.get('signature')!);
        return open(sealed, query);
      },
      'no msg_signature': () => {
        const query = signedQuery([sealed]);
        query.delete('msg_signature');
        return open(sealed, query);
      },
      'the signature of another message': () => open(sealed, signedQuery([seal(previous)])),
      'another token': () => open(sealed, signedQuery([sealed], { token: 'BBBBB' })),
      'too old': () => open(sealed, signedQuery([sealed], { timestamp: String(NOW_S - 301) })),
      'from the future': () => open(sealed, signedQuery([sealed], { timestamp: String(NOW_S + 301) })),
      'an unknown key': () => open(seal(unknown)),
      'another app': () => open(seal(current, 'wx3333333333333333')),
      'no cipher text': () => open('AAAA'),
      'a cipher text cut short': () => open(sealed.slice(0, 88)),
    };
    const rejections = Object.entries(attempts).map(([name, run]) => ({ name, ...rejectionOf(run) }));
    const [first] = rejections;
    expect(first!.code).toBe('FORBIDDEN');
    for (const { name, code, message } of rejections) expect({ name, code, message }).toEqual({ ...first, name });
  });

  it.each([0, 3_600, -3_600])('accepts a sealed CreateTime %i seconds from the clock', (skewS) => {
    const encrypted = seal(current, APP_ID, pushXml(scan, NOW_S + skewS));
    expect(open(encrypted)).toMatchObject({ createTimeS: NOW_S + skewS });
  });

  it.each([3_601, -3_601])('rejects a sealed CreateTime %i seconds from the clock like a forged push', (skewS) => {
    const stale = () => open(seal(current, APP_ID, pushXml(scan, NOW_S + skewS)));
    expect(rejectionOf(stale)).toEqual(rejectionOf(() => open('AAAA')));
    expect(stale).toThrow(
      expect.objectContaining({ detail: { why: expect.stringContaining('CreateTime') as string } }),
    );
  });

  it('rejects a captured push with exchanged timestamp and nonce when the clock reaches the nonce', () => {
    const sealed = seal();
    const captured = signedQuery([sealed], { nonce: String(LATER_S) });
    expect(open(sealed, captured)).toMatchObject({ openId: 'o_1' });
    const later = { ...keys, nowMs: LATER_S * 1_000 };
    expect(() => openOfficialPush(exchange(captured), encryptedBody(sealed), later)).toThrow(FORBIDDEN);
  });

  it('rejects a push whose nonce contains the beginning of a captured ciphertext', () => {
    // The user's text imitates a plaintext from its second block on: 16 random bytes, a length of 300, a push.
    const head = '<xml><ToUserName>gh_1</ToUserName><FromUserName>o_1</FromUserName><Content>'.padEnd(96 - 20);
    const tail = '</Content></xml>';
    const forged = pushXml(scan)
      .replace('</xml>', '<Content>')
      .padEnd(300 - tail.length);
    const sealed = seal(current, APP_ID, `${head}${' '.repeat(16)}\0\0\x01\x2C${forged}${tail}`);
    const [timestamp, nonce, token] = [String(NOW_S), '2', '~~~~~'];
    const moved = { nonce: nonce + sealed.slice(0, 128), sealed: sealed.slice(128) };
    const captured = signParts(token, timestamp, nonce, sealed);
    expect(captured).toBe(signParts(token, timestamp, moved.nonce, moved.sealed));
    const query = new URLSearchParams({ msg_signature: captured, timestamp, nonce: moved.nonce });
    expect(() => openOfficialPush(query, encryptedBody(moved.sealed), { ...keys, token })).toThrow(FORBIDDEN);
  });

  it('gives an XML parser no body before the signature is verified, and no envelope afterwards', () => {
    const parse = vi.spyOn(XMLParser.prototype, 'parse');
    const bodies = [encryptedBody(seal()), Buffer.from('<![CDATA[>'.repeat(3_200)), Buffer.from(pushXml(scan))];
    for (const body of bodies) expect(() => openOfficialPush(signedQuery(), body, keys)).toThrow(FORBIDDEN);
    expect(parse).not.toHaveBeenCalled();
    open(seal());
    expect(parse.mock.calls.map(([xml]) => String(xml))).toEqual([pushXml(scan)]);
  });

  it.each([
    ['is JSON', '{"a":1}'],
    ['contains a DOCTYPE', `<!DOCTYPE x>${pushXml(scan)}`],
    ['has no sender', '<xml></xml>'],
    ['is cut', pushXml(scan).slice(0, -1)],
    ['repeats the sender', pushXml(`${scan}<FromUserName>o_2</FromUserName>`)],
    ['has an id of 65 bytes', pushXml(`<MsgType>event</MsgType><Event>${'x'.repeat(65)}</Event>`)],
    ['ends with text of a user', pushXml(`<MsgType>text</MsgType><Content>${'secret'}</Content></status>`)],
  ])('returns the reason, and nothing of the push, when a genuine message %s', (_, xml) => {
    const opened = open(seal(current, APP_ID, xml));
    expect(opened).toEqual({ unreadable: expect.stringMatching(/^[A-Z]\w+ [\w ,<>.-]+$/) });
    expect(JSON.stringify(opened)).not.toMatch(/o_1|o_2|xxx|secret|status/);
  });

  it('omits the key when the push is converted to JSON', () => {
    expect(JSON.stringify(open(seal()))).not.toContain('AAAA');
  });
});

describe('openOfficialPush in plain mode', () => {
  it('rejects an encrypted push with and without encrypt_type', () => {
    const body = encryptedBody(seal(), pushXml(scan).slice('<xml>'.length, -'</xml>'.length));
    const declared = new URLSearchParams(`${signedQuery()}&encrypt_type=aes`);
    for (const query of [signedQuery(), declared]) {
      expect(() => openOfficialPush(query, body, plainKeys)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
    }
  });

  it('returns no key for a plain push', () => {
    expect(openOfficialPush(signedQuery(), Buffer.from(pushXml(scan)), plainKeys)).not.toHaveProperty('openedWith');
    expect(openSealed(scan)).toHaveProperty('openedWith');
  });

  it('gives an XML parser no body before the signature is verified', () => {
    const parse = vi.spyOn(XMLParser.prototype, 'parse');
    const forged = signedQuery([], { token: 'BBBBB' });
    expect(() => openOfficialPush(forged, Buffer.from(pushXml(scan)), plainKeys)).toThrow(FORBIDDEN);
    expect(parse).not.toHaveBeenCalled();
  });

  // WeChat signs nothing else in plain mode. A push without openedWith therefore confirms no login.
  it('cannot detect a forged body with the exchanged query of a captured push, and returns it without a key', () => {
    const query = exchange(signedQuery([], { nonce: String(LATER_S) }));
    const push = openOfficialPush(query, Buffer.from(pushXml(scan)), { ...plainKeys, nowMs: LATER_S * 1_000 });
    expect(push).not.toHaveProperty('openedWith');
  });
});

describe.each(['plain', 'secure'] as const)('the query of a push in %s mode', (mode) => {
  const keys: PushKeys = { ...plainKeys, mode, aesKeys: [current] };
  const sealed = seal();
  const open = (query: URLSearchParams, nowMs = keys.nowMs) =>
    openOfficialPush(query, mode === 'plain' ? Buffer.from(pushXml(scan)) : encryptedBody(sealed), { ...keys, nowMs });

  it.each(['1.8e9', '0x6b49d200', ' 1800000000', '1800000000 ', '+1800000000', '1800000000.0', '', '1_800_000_000'])(
    'rejects the timestamp %j, because WeChat sends a decimal number of seconds',
    (timestamp) => {
      expect(() => open(signedQuery([sealed], { timestamp }))).toThrow(FORBIDDEN);
    },
  );

  it.each(['signature', 'msg_signature', 'timestamp', 'nonce', 'encrypt_type'])(
    'rejects a repeated %s, so that no second value is in use',
    (name) => {
      for (const value of ['', '1', signedQuery([sealed]).get(name) ?? 'raw']) {
        const query = signedQuery([sealed]);
        if (!query.has(name)) query.set(name, 'raw');
        expect(open(query)).toMatchObject({ openId: 'o_1' });
        query.append(name, value);
        expect(() => open(query)).toThrow(FORBIDDEN);
      }
    },
  );

  it('ignores the openid and any other parameter, which no signature covers', () => {
    const query = signedQuery([sealed]);
    for (const openId of ['o_attacker', 'o_other']) query.append('openid', openId);
    expect(open(query)).toMatchObject({ openId: 'o_1' });
  });
});
