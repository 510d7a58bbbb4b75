import { describe, expect, it } from 'vitest';
import { loginReply, readChoice } from '../../../../lib/official-account/login-reply.ts';
import { replies } from '../../../../lib/official-account/replies.ts';
import type { ScannedTicket, TicketState } from '../../../../lib/store/tickets.ts';
import type { PushContent } from '../../../../lib/wechat/push-content.ts';

const TICKET = 'a'.repeat(22);
const ticket = (state: TicketState, changes: Partial<ScannedTicket> = {}): ScannedTicket => ({
  ticket: TICKET,
  state,
  pollTokenHash: '',
  requestedAtMs: Date.parse('2026-11-20T16:03:59Z'),
  expiresAt: 0,
  appId: 'wx1',
  openId: 'o1',
  address: '203.0.113.7',
  browser: 'Chrome · Windows',
  place: '上海',
  ...changes,
});
const site = replies('示例站');
const text = (content: string, menuId?: string): PushContent => ({
  type: 'message',
  msgId: '1',
  kind: 'text',
  text: content,
  ...(menuId !== undefined && { menuId }),
});

describe('loginReply', () => {
  it('describes the page that asks, in Beijing time, and offers 确认登录 and 拒绝', () => {
    const reply = loginReply(ticket('scanned'), site) as string;
    for (const fact of ['2026-11-21 00:03（北京时间）', '上海', 'Chrome · Windows']) expect(reply).toContain(fact);
    const link = (label: string, choice: string, digit: string) =>
      `<a href="weixin://bizmsgmenu?msgmenucontent=${encodeURIComponent(label)}&msgmenuid=login-${choice}_${TICKET}">` +
      `${label}</a>（或回复 ${digit}）`;
    expect(reply.endsWith(`\n\n${link('确认登录', 'confirm', '1')}\n${link('拒绝', 'refuse', '2')}`)).toBe(true);
  });

  it.each<TicketState>(['confirmed', 'collected'])('offers only 不是我 for a login that is %s', (state) => {
    const reply = loginReply(ticket(state), site) as string;
    expect(reply.match(/msgmenuid=[\w-]+/g)).toEqual([`msgmenuid=login-revoke_${TICKET}`]);
    expect(reply).toContain('（或回复 0）');
  });

  it('offers no link for a cancelled and for an unknown login', () => {
    expect(loginReply(ticket('cancelled'), site)).toBe(site.loginCancelled);
    expect(loginReply(undefined, site)).toBe(site.loginExpired);
  });

  it('shows the address instead of an unknown place', () => {
    const reply = loginReply(ticket('scanned', { place: null, browser: null }), site);
    expect(reply).toContain('地点：IP 203.0.113.7\n浏览器：未知\n');
  });

  it('cuts a text that leaves no room for the links, at a whole character', () => {
    const long = { ...site, loginScanned: () => '长'.repeat(2_000) };
    const reply = loginReply(ticket('scanned'), long) as string;
    expect(Buffer.byteLength(reply)).toBeLessThanOrEqual(2_047);
    expect(Buffer.byteLength(reply)).toBeGreaterThan(2_047 - 3);
    expect(reply).not.toContain('\uFFFD');
    expect(reply.match(/<a /g)).toHaveLength(2);
  });
});

describe('readChoice', () => {
  it.each([
    ['1', 'confirm'],
    ['　１ ', 'confirm'],
    ['确认登录', 'confirm'],
    ['2', 'refuse'],
    ['拒绝', 'refuse'],
    ['0', 'revoke'],
    ['不是我\n', 'revoke'],
  ])('reads the text %j as %s', (content, choice) => {
    expect(readChoice(text(content))).toEqual({ choice });
  });

  it.each(['', '10', '1 2', '请确认登录', '①①'])('reads no choice from the text %j', (content) => {
    expect(readChoice(text(content))).toBeUndefined();
  });

  it('reads the choice and the ticket from the id of a link, whatever the text is', () => {
    expect(readChoice(text('1', `login-revoke_${TICKET}`))).toEqual({ choice: 'revoke', ticket: TICKET });
  });

  it('reads no choice from the id of another link, whatever the text is', () => {
    for (const id of ['survey', 'login-', `login-other_${TICKET}`]) expect(readChoice(text('1', id))).toBeUndefined();
  });

  it('reads no choice from another message or an event', () => {
    expect(readChoice({ type: 'message', msgId: '1', kind: 'image', picUrl: '', mediaId: '' })).toBeUndefined();
    expect(readChoice({ type: 'event', event: 'click', key: '1' })).toBeUndefined();
  });
});
