// The menus of the official account, published to the simulator: the input of the operator, and the menus of the users.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { publishMenu } from '../../lib/official-account/publish-menu.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

const click = { type: 'click', name: '帮助', key: 'HELP' };
const view = { type: 'view', name: '商城', url: 'https://shop.example.com/' };
const group = (...buttons: object[]) => ({ name: '更多', sub_button: buttons });
const named = (name: string) => ({ ...click, name });
/** A button as WeChat returns it. */
const leaf = (button: object) => ({ ...button, sub_button: [] });
const forTag = (tag: number | string, ...button: object[]) => ({ button, matchrule: { tag_id: tag } });

interface Menu {
  button: { name: string }[];
}

/** An answer of menu/get or trymatch. */
interface PlatformAnswer extends Partial<Menu> {
  menu?: Menu;
  conditionalmenu?: Menu[];
}

describe('publishMenu', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.simulator.close());

  const publish = (input: unknown) => publishMenu(world.official, input);
  const wechat = (method: string, name: string, body?: object) =>
    world.official.accessToken.withToken(async (token) => {
      const url = `${world.simulator.url}/cgi-bin/menu/${name}?access_token=${token}`;
      const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
      return (await response.json()) as PlatformAnswer;
    });
  const menuGet = () => wechat('GET', 'get');
  /** The conditional menus of the account, newest first: the name of the first button of each. */
  const conditionalNames = async () => ((await menuGet()).conditionalmenu ?? []).map(({ button }) => button[0]!.name);
  const newFollower = (about: object): Promise<Person> => world.phone.newPerson({ follows: true, ...about });
  /** The name of the first button that a user sees. */
  const seenBy = async (person: Person): Promise<string> =>
    (await wechat('POST', 'trymatch', { user_id: person.openIds.official })).button![0]!.name;
  const writes = async () => {
    const paths = ['create', 'delete', 'addconditional', 'delconditional'];
    const counts = await Promise.all(paths.map((name) => world.calls(`/cgi-bin/menu/${name}`)));
    return Object.fromEntries(paths.map((name, index) => [name, counts[index]]));
  };

  it('publishes the official example of menu/create, whose leaves have an empty list of sub-buttons', async () => {
    expect(await publish({ button: [leaf(click), group(leaf(view), leaf(click))] })).toEqual({ published: 2 });
    expect(await menuGet()).toEqual({ menu: { button: [leaf(click), group(leaf(view), leaf(click))] } });
  });

  it('publishes the answer of menu/get, with and without its wrapper', async () => {
    await publish({ button: [click, group(view)] });
    const answer = await menuGet();
    expect(await publish(answer)).toEqual({ published: 2 });
    expect(await publish(answer.menu)).toEqual({ published: 2 });
    expect(await menuGet()).toEqual(answer);
  });

  it('publishes the answer of menu/get with conditional menus again and again without a change', async () => {
    const input = {
      menu: { button: [click] },
      conditionalmenu: [
        { button: [group(view)], matchrule: { tag_id: 2, client_platform_type: 2 } },
        forTag('2', view),
      ],
    };
    const first = await publish(input);
    expect(first).toEqual({
      published: 1,
      conditionalMenus: { added: [expect.any(String), expect.any(String)], kept: [], removed: [] },
    });
    const answer = await menuGet();
    for (const again of [input, answer, await menuGet()]) {
      expect(await publish(again)).toEqual({
        published: 1,
        conditionalMenus: { added: [], kept: first.conditionalMenus?.added, removed: [] },
      });
    }
    expect((await menuGet()).conditionalmenu).toEqual(answer.conditionalmenu);
    expect(await writes()).toMatchObject({ create: 4, addconditional: 2, delconditional: 0 });
  });

  it('lets the first conditional menu of the list win for a user who matches several', async () => {
    const both = { button: [named('both')], matchrule: { tag_id: '2', client_platform_type: '2' } };
    await publish({ button: [click], conditionalmenu: [both, forTag(2, named('tag'))] });
    expect(await seenBy(await newFollower({ tagIds: [2], clientPlatformType: 2 }))).toBe('both');
    expect(await seenBy(await newFollower({ tagIds: [2] }))).toBe('tag');
    expect(await seenBy(await newFollower({}))).toBe('帮助');
  });

  it('keeps the order of the list when a menu at its end changes', async () => {
    const both = { button: [named('both')], matchrule: { tag_id: '2', client_platform_type: '2' } };
    await publish({ button: [click], conditionalmenu: [both, forTag(2, named('tag'))] });
    await publish({ button: [click], conditionalmenu: [both, forTag(2, named('new'))] });
    expect(await conditionalNames()).toEqual(['both', 'new']);
    expect(await seenBy(await newFollower({ tagIds: [2], clientPlatformType: 2 }))).toBe('both');
  });

  it('replaces only the conditional menus that differ', async () => {
    await publish({
      button: [click],
      conditionalmenu: [forTag(1, named('a')), forTag(2, named('b')), forTag(3, named('c'))],
    });
    const result = await publish({ button: [click], conditionalmenu: [forTag(1, named('x')), forTag(3, named('c'))] });
    expect(result.conditionalMenus).toMatchObject({
      added: { length: 1 },
      kept: { length: 1 },
      removed: { length: 2 },
    });
    expect(await conditionalNames()).toEqual(['x', 'c']);
    expect(await writes()).toMatchObject({ addconditional: 4, delconditional: 2 });
  });

  it('removes identical conditional menus that other programs stored', async () => {
    await publish({ button: [click] });
    for (let times = 0; times < 3; times += 1) await wechat('POST', 'addconditional', forTag('2', view));
    await publish({ button: [click], conditionalmenu: [forTag(2, view)] });
    expect(await conditionalNames()).toEqual(['商城']);
    expect(await writes()).toMatchObject({ addconditional: 3 });
  });

  it('removes all conditional menus for an empty list, and keeps them without a list', async () => {
    await publish({ button: [click], conditionalmenu: [forTag(2, view)] });
    expect(await publish({ button: [named('new')] })).toEqual({ published: 1 });
    expect(await conditionalNames()).toEqual(['商城']);
    expect(await publish({ button: [click], conditionalmenu: [] })).toMatchObject({
      conditionalMenus: { added: [], kept: [], removed: [expect.any(String)] },
    });
    expect(await conditionalNames()).toEqual([]);
  });

  it('deletes the default menu and all conditional menus for an empty list of buttons', async () => {
    await publish({ button: [click], conditionalmenu: [forTag(2, view)] });
    for (const empty of [{ button: [] }, { menu: { button: [] } }]) {
      expect(await publish(empty)).toEqual({ deleted: 'the default menu and all conditional menus' });
      expect(await menuGet()).toMatchObject({ errcode: 46003 });
    }
    await publish({ button: [click] });
    expect(await conditionalNames()).toEqual([]);
  });

  it('adds a single conditional menu once and replaces it under the same rule', async () => {
    await publish({ button: [click], conditionalmenu: [forTag(3, named('other'))] });
    const first = await publish({ ...forTag('2', named('old')), menuid: 5 });
    expect(first).toEqual({ conditionalMenus: { added: [expect.any(String)], kept: [], removed: [] } });
    const added = first.conditionalMenus!.added;
    expect(await publish({ button: [leaf(named('old'))], matchrule: { group_id: 2 } })).toEqual({
      conditionalMenus: { added: [], kept: added, removed: [] },
    });
    expect(await publish(forTag(2, named('new')))).toEqual({
      conditionalMenus: { added: [expect.any(String)], kept: [], removed: added },
    });
    expect(await conditionalNames()).toEqual(['new', 'other']);
    expect(await writes()).toMatchObject({ create: 1 });
  });

  it('rejects a single conditional menu of an account without a default menu', async () => {
    await expect(publish(forTag(2, view))).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: 'A conditional menu needs a default menu: publish a default menu first',
    });
    expect(await writes()).toMatchObject({ addconditional: 0 });
  });

  it('names a retired rule in the answer of menu/get, and removes its menu with the entry', async () => {
    await publish({ button: [click] });
    await world.faults('menu', 'retired-rule');
    await wechat('POST', 'addconditional', { button: [view], matchrule: { sex: '1' } });
    const answer = await menuGet();
    await expect(publish(answer)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('conditionalmenu[0].matchrule.sex: is retired'),
    });
    await publish({ ...answer, conditionalmenu: [] });
    expect(await conditionalNames()).toEqual([]);
  });

  it('returns the id of a conditional menu that WeChat sends as text', async () => {
    await world.faults('menu', 'menu-id-as-text');
    const result = await publish({ button: [click], conditionalmenu: [forTag(2, view)] });
    expect(result.conditionalMenus?.added).toEqual([expect.stringMatching(/^\d+$/)]);
  });

  it('explains more than three domains and keeps the old conditional menus', async () => {
    const to = (host: string) => ({ ...view, url: `https://${host}.example.com/` });
    await publish({ button: [click], conditionalmenu: [forTag(1, to('a'), to('b'))] });
    const wanted = { button: [click], conditionalmenu: [forTag(1, to('c'), to('d'))] };
    await expect(publish(wanted)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringMatching(/more than three domains.*empty conditionalmenu first/),
    });
    expect(await conditionalNames()).toHaveLength(1);
    await publish({ button: [click], conditionalmenu: [] });
    expect((await publish(wanted)).conditionalMenus?.added).toHaveLength(1);
  });

  it.each([
    ['an add fails', 'addconditional', 'published the default menu and added the conditional menus 4'],
    ['a removal fails', 'delconditional', 'removed the conditional menus 4'],
  ])('names the changes before the error when %s, and completes them in a second run', async (_, name, changes) => {
    await publish({ button: [click], conditionalmenu: [forTag(1, named('a')), forTag(2, named('b'))] });
    const wanted = { button: [view], conditionalmenu: [forTag(1, named('x')), forTag(2, named('y'))] };
    const send = failSecond(world.official.send, `/cgi-bin/menu/${name}`);
    await expect(publishMenu({ ...world.official, send }, wanted)).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
      message: expect.stringContaining(changes),
    });
    await publish(wanted);
    expect(await conditionalNames()).toEqual(['x', 'y']);
    expect(await publish(wanted)).toMatchObject({ conditionalMenus: { added: [], removed: [] } });
  });

  it('stores a conditional menu once when its answer is lost and the command runs again', async () => {
    const wanted = { button: [click], conditionalmenu: [forTag(1, named('a')), forTag(2, named('b'))] };
    const send = loseSecondAnswer(world.official.send, '/cgi-bin/menu/addconditional');
    await expect(publishMenu({ ...world.official, send }, wanted)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(await publish(wanted)).toMatchObject({ conditionalMenus: { added: [], removed: [] } });
    expect(await conditionalNames()).toEqual(['a', 'b']);
  });

  it('treats a conditional menu that is gone already as removed', async () => {
    await publish({ button: [click], conditionalmenu: [forTag(1, view)] });
    await world.fault({ target: 'menu/delconditional', action: 'errcode', errcode: 65301, times: 1 });
    expect(await publish({ button: [click], conditionalmenu: [] })).toMatchObject({
      conditionalMenus: { removed: [expect.any(String)] },
    });
  });

  it('rejects the whole input for one invalid conditional menu, without a call', async () => {
    await expect(publish({ button: [click], conditionalmenu: [forTag(1, view), forTag('vip', view)] })).rejects.toThrow(
      'conditionalmenu[1].matchrule.tag_id: is not the id of a tag',
    );
    expect(await writes()).toEqual({ create: 0, delete: 0, addconditional: 0, delconditional: 0 });
  });
});

type Send = World['official']['send'];

const timeout = () => new AppError('WECHAT_TIMEOUT', 'WeChat did not answer in time');

/** Lets the second call to a path fail before WeChat receives it. */
function failSecond(send: Send, path: string): Send {
  let calls = 0;
  return async (request) => {
    if (request.url.pathname === path && (calls += 1) === 2) throw timeout();
    return send(request);
  };
}

/** Loses the answer to the second call to a path, which takes effect. */
function loseSecondAnswer(send: Send, path: string): Send {
  let calls = 0;
  return async (request) => {
    const answer = await send(request);
    if (request.url.pathname === path && (calls += 1) === 2) throw timeout();
    return answer;
  };
}
