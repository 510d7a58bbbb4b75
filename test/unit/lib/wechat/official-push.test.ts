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

describe.each(['compatible', 'secure'] as const)('%s mode', (mode) => {
  const keys: PushKeys = { ...plainKeys, mode, aesKeys: [current, previous] };
  const open = (encrypted: string, query = signedQuery([encrypted]), more = '') =>
    openOfficialPush(query, encryptedBody(encrypted, more), keys);

  it('opens what is sealed with the current key, and during a rotation with the previous one', () => {
    expect(open(seal())).toMatchObject({ content: { event: 'scan' }, openedWith: current });
    expect(open(seal(previous))).toMatchObject({ content: { event: 'scan' }, openedWith: previous });
  });

  it('reads the encrypted part alone, whatever stands beside it', () => {
    const forgery = '<FromUserName>o_victim</FromUserName><MsgType>event</MsgType><Event>unsubscribe</Event>';
    expect(open(seal(), undefined, forgery)).toMatchObject({ openId: 'o_1', content: { event: 'scan' } });
  });

  it('needs no plain signature: it covers less', () => {
    const query = signedQuery([seal()]);
    query.delete('signature');
    expect(open(seal(), query)).toMatchObject({ openId: 'o_1' });
  });

  const refusal = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return { code, message };
    }
    return undefined;
  };

  it('refuses everything else alike, so that a forger learns nothing', () => {
    const sealed = seal();
    const attempts = {
      plain: () => openOfficialPush(signedQuery(), Buffer.from(pushXml(scan)), keys),
      'plain, named encrypted': () =>
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
    const refusals = Object.entries(attempts).map(([name, run]) => ({ name, ...refusal(run) }));
    const [first] = refusals;
    expect(first!.code).toBe('FORBIDDEN');
    for (const { name, code, message } of refusals) expect({ name, code, message }).toEqual({ ...first, name });
  });

  it('refuses a genuine message that is no push, and one with a DOCTYPE inside', () => {
    for (const xml of ['{"a":1}', `<!DOCTYPE x>${pushXml(scan)}`, '<xml></xml>']) {
      expect(refusal(() => open(seal(current, APP_ID, xml)))).toMatchObject({ code: 'PARAM_ERROR' });
    }
  });

  it('shows no key to whoever prints the push', () => {
    expect(JSON.stringify(open(seal()))).not.toContain('AAAA');
  });
});

describe('plain mode', () => {
  it('refuses what is encrypted, named so or not', () => {
    const body = encryptedBody(seal(), pushXml(scan).slice('<xml>'.length, -'</xml>'.length));
    const named = new URLSearchParams(`${signedQuery()}&encrypt_type=aes`);
    for (const query of [signedQuery(), named]) {
      expect(() => openOfficialPush(query, body, plainKeys)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
    }
  });

  it('says nothing of a key', () => {
    expect(openOfficialPush(signedQuery(), Buffer.from(pushXml(scan)), plainKeys)).not.toHaveProperty('openedWith');
    expect(openSealed(scan)).toHaveProperty('openedWith');
  });
});
