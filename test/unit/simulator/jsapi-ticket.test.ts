import { expect, test } from 'vitest';
import { useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import { call, officialToken } from './support.ts';

const simulator = useSimulator();

const getTicket = async (token: string, type = 'jsapi') =>
  (await call(simulator, 'GET', `/cgi-bin/ticket/getticket?access_token=${token}&type=${type}`)).json;

test('the ticket stays the same while it lives, and claims two hours each time', async () => {
  const first = await getTicket(await officialToken(simulator));
  expect(first).toMatchObject({ errcode: 0, expires_in: 7200 });
  await simulator.advanceClock(119 * 60_000);
  expect(await getTicket(await officialToken(simulator))).toEqual(first);
  await simulator.advanceClock(60_000);
  expect((await getTicket(await officialToken(simulator))).ticket).not.toBe(first.ticket);
});

test('rejects a wrong token, another ticket type and another method', async () => {
  const { appId, appSecret } = settings.miniapp;
  const client = { grant_type: 'client_credential', appid: appId, secret: appSecret };
  const ofMiniapp = (await call(simulator, 'POST', '/cgi-bin/stable_token', client)).json.access_token;
  expect((await getTicket('')).errcode).toBe(41001);
  expect((await getTicket(ofMiniapp)).errcode).toBe(40001);
  const token = await officialToken(simulator);
  expect((await getTicket(token, 'wx_card')).errcode).toBe(40097);
  const posted = await call(simulator, 'POST', `/cgi-bin/ticket/getticket?access_token=${token}&type=jsapi`, {});
  expect(posted.json.errcode).toBe(43001);
});
