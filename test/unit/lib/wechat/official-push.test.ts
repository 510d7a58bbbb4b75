import { describe, expect, it } from 'vitest';
import { readMessageKey, sealMessage } from '../../../../lib/wechat/message-cipher.ts';
import { openOfficialPush, type PushKeys } from '../../../../lib/wechat/official-push.ts';
import { APP_ID, NOW_S, openSealed, plainKeys, pushXml, signedQuery } from './pushes.ts';

const current = readMessageKey('A'.repeat(43))!;
const previous = readMessageKey('B'.repeat(43))!;
const unknown = readMessageKey('C'.repeat(43))!;
const scan = '<MsgType>event</MsgType><Event>SCAN</Event><EventKey>login:x</EventKey>';
const random = Buffer.alloc(16);
const seal = (key = current, appId = APP_ID, xml = pushXml(scan)) => sealMessage(xml, { key, appId, random });
const encryptedBody = (encrypted: string, more = '') =>
  Buffer.from(`<xml>${more}<Encrypt>${encrypted}</Encrypt></xml>`);

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
      'two encrypted parts': () => open(sealed, undefined, `<Encrypt>${sealed}</Encrypt>`),
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
      'another token': () => open(sealed, signedQuery([sealed], NOW_S, 'BBBBB')),
      'too old': () => open(sealed, signedQuery([sealed], NOW_S - 301)),
      'from the future': () => open(sealed, signedQuery([sealed], NOW_S + 301)),
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

  it('rejects a genuine message that is not a push or contains a DOCTYPE', () => {
    for (const xml of ['{"a":1}', `<!DOCTYPE x>${pushXml(scan)}`, '<xml></xml>']) {
      expect(rejectionOf(() => open(seal(current, APP_ID, xml)))).toMatchObject({ code: 'PARAM_ERROR' });
    }
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
});
