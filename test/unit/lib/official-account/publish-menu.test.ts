import { describe, expect, it } from 'vitest';
import { publishMenu } from '../../../../lib/official-account/publish-menu.ts';
import type { OutboundRequest } from '../../../../lib/core/outbound.ts';
import type { WechatApp } from '../../../../lib/wechat/client.ts';

const app: WechatApp = { appId: 'wx1', appSecret: 's', settings: 'OFFICIAL' };

/** Simulates WeChat, which returns the given errcode and records its requests. */
function wechat(errcode = 0) {
  const sent: OutboundRequest[] = [];
  const accessToken = { withToken: (call: (token: string) => Promise<unknown>) => call('T') };
  const deps = {
    app,
    accessToken: accessToken as Parameters<typeof publishMenu>[0]['accessToken'],
    apiBaseUrl: 'http://api',
    sleep: async () => undefined,
    send: async (request: OutboundRequest) => {
      sent.push(request);
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ errcode, errmsg: '' })) };
    },
  };
  return { sent, publish: (menu: unknown) => publishMenu(deps, menu) };
}

const click = { type: 'click', name: '今日歌曲', key: 'V1001_TODAY_MUSIC' };
const view = { type: 'view', name: '搜索', url: 'https://www.example.com/' };
const miniprogram = {
  type: 'miniprogram',
  name: 'wxa',
  url: 'https://mp.weixin.qq.com',
  appid: 'wx286b93c14bbf93aa',
  pagepath: 'pages/lunar/index',
};
const sample = { button: [click, { name: '菜单', sub_button: [view, miniprogram, { ...click, name: '赞一下' }] }] };

const vip = { button: [click], matchrule: { tag_id: '2' } };

describe('publishMenu', () => {
  it('sends the menu unchanged, in raw UTF-8', async () => {
    const { sent, publish } = wechat();
    await expect(publish(sample)).resolves.toEqual({ published: 2 });
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ method: 'POST' });
    expect(String(sent[0]!.url)).toBe('http://api/cgi-bin/menu/create?access_token=T');
    expect(sent[0]!.body).toContain('今日歌曲');
    expect(JSON.parse(String(sent[0]!.body))).toEqual(sample);
  });

  it.each(['scancode_push', 'scancode_waitmsg', 'pic_sysphoto', 'pic_photo_or_album', 'pic_weixin', 'location_select'])(
    'accepts a button of type %s',
    async (type) => {
      await expect(wechat().publish({ button: [{ ...click, type }] })).resolves.toEqual({ published: 1 });
    },
  );

  it.each(['media_id', 'view_limited', 'article_id', 'article_view_limited'])(
    'accepts a button of type %s',
    async (type) => {
      const material = type.startsWith('article') ? { article_id: 'a' } : { media_id: 'm' };
      await expect(wechat().publish({ button: [{ type, name: 'n', ...material }] })).resolves.toEqual({ published: 1 });
    },
  );

  const group = (...sub_button: object[]) => ({ button: [{ name: 'g', sub_button }] });
  it.each([
    ['an undefined menu', undefined, 'the menu: '],
    ['a list instead of a menu', [click], 'button: '],
    ['an empty menu of menu/get', { menu: {} }, 'menu.button: '],
    ['an unknown field beside the buttons', { button: [click], buttons: [] }, 'buttons: '],
    ['the response of get_current_selfmenu_info', { is_menu_open: 1, selfmenu_info: sample }, 'button: '],
    ['four buttons in the response of menu/get', { menu: { button: [click, click, click, click] } }, 'menu.button: '],
    ['four buttons', { button: [click, click, click, click] }, 'button: has more than 3 buttons'],
    ['six sub-buttons', group(view, view, view, view, view, view), 'button[0].sub_button: has more than 5 buttons'],
    ['an empty group', group(), 'button[0].sub_button: is empty'],
    ['a group with a type', { button: [{ ...click, sub_button: [view] }] }, 'button[0].type: '],
    [
      'three levels',
      group(view, view, { name: 'x', type: 'click', key: 'k', sub_button: [view] }),
      'button[0].sub_button[2].sub_button: ',
    ],
    [
      'a top name of 17 bytes',
      { button: [{ ...click, name: '菜单菜单菜xx' }] },
      'button[0].name: has more than 16 bytes',
    ],
    [
      'a sub name of 61 bytes',
      group(view, view, { ...view, name: 'x'.repeat(61) }),
      'button[0].sub_button[2].name: has more than 60 bytes',
    ],
    ['a button without a name', { button: [click, { type: 'view', url: view.url }] }, 'button[1].name: '],
    ['an empty name', { button: [{ ...click, name: '' }] }, 'button[0].name: is empty'],
    ['an unknown type', { button: [{ ...click, type: 'clik' }] }, 'button[0].type: '],
    [
      'a view button with a key instead of an address',
      { button: [{ type: 'view', name: 'n', key: 'k' }] },
      'button[0].url: ',
    ],
    ['an address without a scheme', { button: [{ ...view, url: 'www.example.com' }] }, 'button[0].url: '],
    [
      'an address of 1025 bytes',
      { button: [{ ...view, url: `https://${'x'.repeat(1_017)}` }] },
      'button[0].url: has more than 1024 bytes',
    ],
    ['a key of 129 bytes', { button: [{ ...click, key: 'x'.repeat(129) }] }, 'button[0].key: has more than 128 bytes'],
    ['a mini-program without its page', { button: [{ ...miniprogram, pagepath: undefined }] }, 'button[0].pagepath: '],
    ['material without its id', { button: [{ type: 'media_id', name: 'n' }] }, 'button[0].media_id: '],
    [
      'a leaf with an empty list but without a type',
      group({ name: 'x', sub_button: [] }),
      'button[0].sub_button[0].type: ',
    ],
    [
      'conditional menus without a default menu',
      { button: [], conditionalmenu: [vip] },
      'has conditional menus but no',
    ],
    ['a conditional menu without buttons', { ...vip, button: [] }, 'button: is empty'],
    ['a rule that is no object', { ...vip, matchrule: '2' }, 'matchrule: '],
    ['an empty rule', { ...vip, matchrule: {} }, 'matchrule: needs tag_id or client_platform_type'],
    ['a rule of empty fields', { ...vip, matchrule: { tag_id: '', sex: '' } }, 'matchrule: needs tag_id or'],
    ['a tag that is no number', { ...vip, matchrule: { tag_id: 'vip' } }, 'matchrule.tag_id: is not the id of a tag'],
    [
      'an unknown phone',
      { ...vip, matchrule: { client_platform_type: 4 } },
      'matchrule.client_platform_type: is not 1',
    ],
    ['an unknown field of a rule', { ...vip, matchrule: { tag_id: 2, age: 30 } }, 'matchrule.age: '],
    ['a tag under both its names', { ...vip, matchrule: { tag_id: 2, group_id: 3 } }, 'matchrule.group_id: '],
    ['a rule about sex', { ...vip, matchrule: { tag_id: 2, sex: 1 } }, 'matchrule.sex: is retired'],
    [
      'a rule about a region',
      { ...vip, matchrule: { country: '中国', province: '广东', city: '广州' } },
      'matchrule.city: is retired',
    ],
    ['a rule about the language', { ...vip, matchrule: { language: 'zh_CN' } }, 'matchrule.language: is retired'],
    [
      'an invalid conditional menu in the response of menu/get',
      { menu: sample, conditionalmenu: [vip, { ...vip, button: [{ ...click, name: '' }] }] },
      'conditionalmenu[1].button[0].name: is empty',
    ],
    ['half a character', { button: [{ ...click, name: 'a\uD83D' }] }, 'button[0].name: contains a character'],
  ])('rejects %s, names the place and makes no call to WeChat', async (_, menu, place) => {
    const { sent, publish } = wechat();
    await expect(publish(menu)).rejects.toMatchObject({ code: 'PARAM_ERROR', message: expect.stringContaining(place) });
    expect(sent).toEqual([]);
  });

  it('lists all invalid places in one error', async () => {
    const invalid = { button: [{ ...click, name: '' }], conditionalmenu: [{ button: [], matchrule: { sex: '1' } }] };
    await expect(wechat().publish(invalid)).rejects.toMatchObject({
      message: expect.stringMatching(
        /button\[0\]\.name.*conditionalmenu\[0\]\.button.*conditionalmenu\[0\]\.matchrule/,
      ),
    });
  });

  it('accepts names of exactly the maximum length', async () => {
    const menu = {
      button: [
        { ...click, name: 'x'.repeat(16) },
        { name: '菜单菜单菜x', sub_button: [{ ...view, name: '字'.repeat(20) }] },
      ],
    };
    await expect(wechat().publish(menu)).resolves.toEqual({ published: 2 });
  });

  it.each([
    40007, 40015, 40016, 40017, 40018, 40019, 40020, 40022, 40023, 40024, 40025, 40026, 40027, 40033, 40054, 40055,
    40119, 40120, 40155, 45010, 53600, 65303, 65304, 65305, 65306, 65307, 65308, 65309, 65316, 65317, 65319, 65320,
  ])('explains errcode %i in a PARAM_ERROR without a retry', async (errcode) => {
    const { sent, publish } = wechat(errcode);
    await expect(publish(sample)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringMatching(new RegExp(`: ${errcode}, .{9}`)),
    });
    expect(sent).toHaveLength(1);
  });

  it.each([
    [48001, 'WECHAT_CONFIG'],
    [45009, 'RATE_LIMITED'],
    [43002, 'WECHAT_UNAVAILABLE'],
  ])('throws the general error for errcode %i: %s', async (errcode, code) => {
    await expect(wechat(errcode).publish(sample)).rejects.toMatchObject({ code });
  });
});
