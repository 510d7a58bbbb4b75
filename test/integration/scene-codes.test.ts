// Scans of QR codes of the official account with another scene than that of a login, such as channel codes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIdentity } from '../../lib/store/identities.ts';
import { createChatWorld, textOf, type ChatWorld } from '../support/chat-world.ts';
import { scanXml, sealedEvent } from '../support/official-world.ts';
import { ids, type ChatPush, type Person } from '../support/world.ts';

const { appId } = ids.official;
const SUCCESS = { status: 200, body: 'success' };
let world: ChatWorld;

const newFollower = () => world.phone.newPerson({ follows: true });
const identityOf = ({ openIds }: Person) => readIdentity(world.table, { appId, openId: openIds.official }, 'strong');

describe('the scan of a channel code', () => {
  beforeAll(async () => {
    world = await createChatWorld('secure');
  });
  afterAll(() => world.close());

  /** Creates a QR code in WeChat, and returns its content. */
  const createCode = (action_name: string, scene: object) =>
    world.official.accessToken.withToken(async (accessToken) => {
      const body = JSON.stringify({ action_name, expire_seconds: 60, action_info: { scene } });
      const url = `${world.simulator.url}/cgi-bin/qrcode/create?access_token=${accessToken}`;
      const answer = (await (await fetch(url, { method: 'POST', body })).json()) as { url: string };
      return answer.url;
    });
  const scan = async (person: Person, content: string) =>
    (await world.phone.act(person, 'scan', { content })) as { kind: string; push: ChatPush };
  const scansOf = async ({ openIds }: Person) =>
    ((await world.everything()) as { sk: string; openId?: string }[]).filter(
      ({ sk, openId }) => sk === 'SCENE' && openId === openIds.official,
    );

  it.each([
    ['a number', 'QR_SCENE', { scene_id: 4711 }, '4711'],
    ['a text', 'QR_STR_SCENE', { scene_str: 'Poster:12' }, 'Poster:12'],
    ['a permanent number', 'QR_LIMIT_SCENE', { scene_id: 12 }, '12'],
    ['a text like that of a login', 'QR_STR_SCENE', { scene_str: 'login:short' }, 'login:short'],
  ])('with %s is stored for its event and handled once, with the follow and the greeting', async (...row) => {
    const [, name, scene, text] = row;
    const content = await createCode(name, scene);
    const person = await world.phone.newPerson();
    const before = { subscribe: world.taken('subscribe'), scan: world.taken('scan') };
    const first = await scan(person, content);
    expect(first.kind).toBe('subscribe');
    expect(textOf(first.push)).toContain('欢迎关注');
    expect(await identityOf(person)).toMatchObject({ subscribed: true, syncRequestedAtMs: expect.any(Number) });
    expect((await scan(person, content)).push).toMatchObject(SUCCESS);
    const repeated = (await world.act(person, 'resend', { last: 2 })) as ChatPush;
    expect(repeated).toMatchObject(SUCCESS);
    expect(world.taken('subscribe') - before.subscribe).toBe(1);
    expect(world.taken('scan') - before.scan).toBe(1);
    const stored = await scansOf(person);
    expect(stored).toHaveLength(2);
    for (const follow of [true, false]) {
      expect(stored).toContainEqual(
        expect.objectContaining({
          scene: text,
          follow,
          at: expect.stringMatching(/^20.*Z$/),
          expiresAt: expect.any(Number),
        }),
      );
    }
  });

  it('is stored with the account of the user', async () => {
    const person = await world.registered();
    await scan(person, await createCode('QR_STR_SCENE', { scene_str: 'shop' }));
    const [stored] = await scansOf(person);
    expect(stored).toMatchObject({ accountId: expect.stringMatching(/^[0-9a-z]{16}$/), follow: false });
  });

  it('is stored and handled once by concurrent deliveries of one push', async () => {
    const person = await newFollower();
    const xml = scanXml({ ticket: '' }, { openId: person.openIds.official }).replace('login:', 'race');
    const deliveries = await Promise.all(Array.from({ length: 5 }, () => sealedEvent(world, xml)));
    const before = world.taken('scan');
    const answers = await Promise.all(deliveries.map((event) => world.send(event)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
    expect(await scansOf(person)).toHaveLength(1);
    expect(world.taken('scan') - before).toBe(1);
  });

  it('is not stored for a login code and for a follow without a scene', async () => {
    const person = await world.phone.newPerson();
    await world.scan(person);
    await world.act(person, 'event', { event: 'subscribe', fields: { EventKey: 'last_trade_no_1' } });
    expect(await scansOf(person)).toEqual([]);
  });
});
