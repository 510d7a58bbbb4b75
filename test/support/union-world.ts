// Users of the official account whose unionid is missing.
import { expect } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { answerPush } from '../../lib/official-account/answer-push.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { keys } from '../../lib/store/keys.ts';
import type { OfficialPush } from '../../lib/wechat/official-push.ts';
import { recordChange } from './identity-changes.ts';
import { ASKER, chatOf } from './scan-login.ts';
import { createWorld, ids, type Person } from './world.ts';

const { appId } = ids.official;

/** The call of a lookup. */
export const CALL = '/cgi-bin/user/info';
export const HOUR_MS = 3_600_000;
/** The identity of a user with a pending request to look up the unionid. */
export const REQUESTED = { unionRequestedAtMs: expect.any(Number) };

/** Creates a world with users without a stored unionid, and the logins and pushes that request its lookup. */
export async function createUnionWorld() {
  const world = await createWorld();
  const follower = () => world.phone.newPerson({ follows: true });
  const inOfficial = ({ openIds }: Person) => ({ appId, openId: openIds.official });
  const inMiniapp = ({ openIds }: Person) => ({ appId: ids.miniapp.appId, openId: openIds.miniapp });
  const keyOf = ({ openIds }: Person) => keys.identity(appId, openIds.official);
  const identityOf = (person: Person) => readIdentity(world.table, inOfficial(person), 'strong');
  const accountOf = async (person: Person) => {
    const { accountId } = (await identityOf(person))!;
    return (await readAccount(world.table, accountId!, 'strong'))!;
  };
  const inH5 = async (person: Person) => (await recogniseOrCreate(world.sessions, inOfficial(person))).account;
  const loginInMiniapp = async (person: Person) => loginMiniapp(world.miniapp, await world.phone.loginCode(person));
  /** Counts the lookups that `run` makes at WeChat. */
  const lookups = async (run: () => Promise<unknown>) => {
    const before = await world.calls(CALL);
    await run();
    return (await world.calls(CALL)) - before;
  };
  const send = (person: Person, content: object) =>
    answerPush(world.officialEvents, {
      openId: person.openIds.official,
      createTimeS: 1,
      pushId: `${person.id}#${world.base.now()}`,
      openedWith: 'current',
      content,
    } as unknown as OfficialPush);
  const scan = async (person: Person) => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const facts = { ticket: qr.ticket, openId: person.openIds.official };
    const chat = chatOf(world.officialEvents);
    const record = await recordChange(world, keys.ticket(qr.ticket), () => chat.scan(facts));
    return { qr, record, confirm: () => chat.tap('confirm', facts) };
  };
  const poll = async (person: Person) => {
    const { qr, confirm } = await scan(person);
    await confirm();
    return pollQrLogin(world.sessions, qr);
  };
  /** Logs in a user without a unionid. @returns the stream record of the new identity */
  const created = async (person: Person) => recordChange(world, keyOf(person), () => inH5(person));
  return {
    ...world,
    follower,
    inOfficial,
    inMiniapp,
    keyOf,
    identityOf,
    accountOf,
    inH5,
    loginInMiniapp,
    lookups,
    send,
    scan,
    poll,
    created,
  };
}
