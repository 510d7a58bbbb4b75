// The operator function that sends messages to a user, with the production wiring.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { sendMessage, type SendMessageDeps } from '../../lib/notify/send-message.ts';
import { mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { loadMessageSending } from '../../lib/wiring/notify.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

type App = 'mini-program' | 'official-account';
type Line = { from?: string; type?: string };

let world: World;
let deps: SendMessageDeps;
let person: Person;
let userId: string;

const appIds = { 'mini-program': ids.miniapp.appId, 'official-account': ids.official.appId };
const openIdIn = (app: App) => person.openIds[app === 'mini-program' ? 'miniapp' : 'official'];
/** Creates the account of the user in one app. */
const register = async (app: App) => {
  const { account } = await recogniseOrCreate(world.base, { appId: appIds[app], openId: openIdIn(app) });
  return account;
};
const send = (message: object) => sendMessage(deps, { userId, ...message });
const text = (app: App) => send({ app, kind: 'text', content: '您的订单已发货' });
const write = (app: App) =>
  world.phone.act(person, 'message', { app: app === 'mini-program' ? 'miniapp' : 'official', text: 'hi' });
const shown = async () => {
  const user = await (await fetch(`${world.simulator.url}/_phone/users/${person.id}`)).json();
  const { chat, serviceChat, received } = user as Record<string, Line[]>;
  const fromUs = (lines: Line[] = []) => lines.filter(({ from }) => from === 'account');
  return { chat: fromUs(chat), serviceChat: fromUs(serviceChat), received };
};
const upload = async (app: 'miniapp' | 'official') => {
  const owner = world.coldAccessToken(app);
  return owner.withToken(async (token) => {
    const form = new FormData();
    form.append('media', new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0])], { type: 'image/jpeg' }), 'a.jpg');
    const url = `${world.simulator.url}/cgi-bin/media/upload?type=image&access_token=${token}`;
    const answer = (await (await fetch(url, { method: 'POST', body: form })).json()) as { media_id: string };
    return answer.media_id;
  });
};

describe('message-send', () => {
  beforeAll(async () => {
    world = await createWorld();
    deps = await loadMessageSending(world.outside);
  });
  beforeEach(async () => {
    person = await world.phone.newPerson({ follows: true });
    userId = (await register('mini-program')).id;
  });
  afterAll(() => world.simulator.close());

  it.each<[App, 'chat' | 'serviceChat']>([
    ['mini-program', 'serviceChat'],
    ['official-account', 'chat'],
  ])('sends a text in the %s to a user who wrote', async (app, chat) => {
    userId = (await register(app)).id;
    await write(app);
    expect(await text(app)).toEqual({ outcome: 'sent', app, kind: 'text' });
    expect((await shown())[chat]).toEqual([{ from: 'account', type: 'text', content: '您的订单已发货' }]);
  });

  it('returns a closed window and a used-up window as outcomes', async () => {
    expect(await text('mini-program')).toMatchObject({ outcome: 'window-closed' });
    await write('mini-program');
    for (let i = 0; i < 5; i += 1) expect(await text('mini-program')).toMatchObject({ outcome: 'sent' });
    expect(await text('mini-program')).toMatchObject({ outcome: 'limit-reached' });
  });

  it('sends a picture, a link and a card in the mini-program', async () => {
    await write('mini-program');
    const app = 'mini-program';
    const media_id = await upload('miniapp');
    const link = { title: 't', description: 'd', url: 'https://a.example', thumb_url: 'https://a.example/p' };
    const card = { title: 't', pagepath: 'pages/index', thumb_media_id: media_id };
    expect(await send({ app, kind: 'image', media_id })).toEqual({ outcome: 'sent', app, kind: 'image' });
    expect(await send({ app, kind: 'link', ...link })).toEqual({ outcome: 'sent', app, kind: 'link' });
    expect(await send({ app, kind: 'miniprogram', ...card })).toEqual({ outcome: 'sent', app, kind: 'miniprogram' });
    expect((await shown()).serviceChat.map(({ type }) => type)).toEqual(['image', 'link', 'miniprogrampage']);
  });

  it('sends a link and a card of the mini-program in the official account', async () => {
    userId = (await register('official-account')).id;
    await world.phone.act(person, 'message', { text: 'hi' });
    const app = 'official-account';
    const link = { title: 't', description: 'd', url: 'https://a.example', thumb_url: 'https://a.example/p' };
    const card = { title: 't', appid: ids.miniapp.appId, pagepath: 'p', thumb_media_id: await upload('official') };
    expect(await send({ app, kind: 'link', ...link })).toMatchObject({ outcome: 'sent' });
    expect(await send({ app, kind: 'miniprogram', ...card })).toMatchObject({ outcome: 'sent' });
    await expect(send({ app, kind: 'miniprogram', ...card, appid: 'wx0' })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
    });
  });

  it('sends a subscribe message once for each consent', async () => {
    const message = {
      app: 'mini-program',
      kind: 'subscribe',
      template_id: 'tpl_1',
      data: { thing1: { value: '咖啡' } },
    };
    expect(await send(message)).toMatchObject({ outcome: 'not-subscribed' });
    await world.phone.act(person, 'allow-message', { templateId: 'tpl_1', times: 1 });
    expect(await send({ ...message, page: 'pages/order' })).toEqual({
      outcome: 'sent',
      app: 'mini-program',
      kind: 'subscribe',
    });
    expect((await shown()).received).toEqual([expect.objectContaining({ kind: 'subscribe', page: 'pages/order' })]);
  });

  it('sends a template message once for each client_msg_id', async () => {
    userId = (await register('official-account')).id;
    const message = {
      app: 'official-account',
      kind: 'template',
      template_id: 'tpl_1',
      data: { thing1: { value: '咖啡' } },
      miniprogram: {
        appid: ids.miniapp.appId,
        pagepath: 'p',
      },
    };
    for (const client_msg_id of ['a', 'a', 'b'])
      expect(await send({ ...message, client_msg_id })).toMatchObject({ outcome: 'sent' });
    expect((await shown()).received).toHaveLength(2);
    for (let i = 0; i < 2; i += 1) expect(await send(message)).toMatchObject({ outcome: 'sent' });
    expect((await shown()).received).toHaveLength(4);
  });

  it('finds the user by the id of an account that was merged', async () => {
    const official = await register('official-account');
    const into = (await readAccount(world.table, userId, 'strong'))!;
    expect(
      await mergeAccounts(world.table, { from: official, into, unionId: person.unionId, at: into.createdAt }),
    ).toBe(true);
    userId = official.id;
    await write('mini-program');
    expect(await text('mini-program')).toMatchObject({ outcome: 'sent' });
    await world.phone.act(person, 'message', { text: 'hi' });
    expect(await text('official-account')).toMatchObject({ outcome: 'sent' });
  });

  it('rejects a user who has no openid in the app, and an unknown user', async () => {
    await expect(text('official-account')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('official-account'),
    });
    userId = '0000000000000000';
    await expect(text('mini-program')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each<[string, object, string[]]>([
    ['without fields', { app: 'mini-program', kind: 'link' }, ['title', 'description', 'url', 'thumb_url']],
    ['with an unknown kind', { app: 'mini-program', kind: 'template' }, ['kind']],
    ['with an unknown app', { app: 'miniapp', kind: 'text' }, ['app']],
    ['with an unknown field', { app: 'mini-program', kind: 'text', content: 'x', text: 'x' }, ['text']],
    ['with an empty text', { app: 'mini-program', kind: 'text', content: '' }, ['content']],
    ['with a text of 2,049 bytes', { app: 'mini-program', kind: 'text', content: '汉'.repeat(683) }, ['2049 bytes']],
    [
      'with a script as address',
      { app: 'mini-program', kind: 'link', title: 't', description: 'd', url: 'javascript:1', thumb_url: 'https://a' },
      ['url'],
    ],
    [
      'of the official account without appid',
      { app: 'official-account', kind: 'miniprogram', title: 't', pagepath: 'p', thumb_media_id: 'm' },
      ['appid'],
    ],
    ['without data', { app: 'official-account', kind: 'template', template_id: 't', data: {} }, ['data']],
  ])('rejects a message %s, and names every wrong field', async (_, message, names) => {
    const calls = await world.calls('/cgi-bin/message/custom/send');
    const error = (await send(message).catch((caught: unknown) => caught)) as Error;
    expect(error).toMatchObject({ code: 'PARAM_ERROR' });
    for (const name of names) expect(error.message).toContain(name);
    expect(await world.calls('/cgi-bin/message/custom/send')).toBe(calls);
  });

  it('rejects an unknown media id with the field', async () => {
    await write('mini-program');
    const message = { app: 'mini-program', kind: 'image', media_id: 'unknown' };
    await expect(send(message)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('media id'),
    });
  });
});
