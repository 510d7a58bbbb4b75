import type { AppError } from '../../lib/core/errors.ts';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import type { SealedData } from '../../lib/wechat/open-data.ts';
import type { Person, World } from './world.ts';

export const PHONE_CALL = '/wxa/business/getuserphonenumber';

type Proof = { code: string } | SealedData;

let lastPhone = 13_800_000_000;

/** Returns a mobile number in China that no other user of the test file has, without the country code. */
export function newPhone(): string {
  return String((lastPhone += 1));
}

/** Returns the form in which answers show a number, with or without the country code of China. */
export function masked(phone: string): string {
  const national = phone.replace('+86', '');
  return `${national.slice(0, 3)}****${national.slice(-4)}`;
}

/** Returns the actions of mini-program users who bind a phone, in the world that `worldOf` returns. */
export function phoneUsers(worldOf: () => World) {
  const loggedIn = async (about: object = { phone: newPhone() }) => {
    const { phone, miniapp } = worldOf();
    const person = await phone.newPerson(about);
    return { person, ...(await loginMiniapp(miniapp, await phone.loginCode(person))) };
  };
  const codeOf = async (person: Person) => ((await worldOf().phone.act(person, 'phone-code')) as { code: string }).code;
  const sealedOf = async (person: Person, options: object = {}) =>
    (await worldOf().phone.act(person, 'encrypted', { kind: 'phone', ...options })) as SealedData;
  const bind = (token: string, proof: Proof, takeOver?: true) =>
    bindPhone(worldOf().miniapp, { token, proof, takeOver });
  /** Returns the number of calls to WeChat for a phone number. */
  const callsFor = async (act: () => Promise<unknown>) => {
    const before = await worldOf().calls(PHONE_CALL);
    await act();
    return (await worldOf().calls(PHONE_CALL)) - before;
  };
  /** A request whose call to WeChat waits for `answer`, and then fails with `failure` if one is given. */
  const slowRequest = (failure?: AppError) => {
    const { miniapp } = worldOf();
    const steps = { asked: Promise.withResolvers<void>(), answer: Promise.withResolvers<void>() };
    const send: typeof miniapp.send = async (request) => {
      if (request.url.pathname !== PHONE_CALL) return miniapp.send(request);
      steps.asked.resolve();
      await steps.answer.promise;
      if (failure) throw failure;
      return miniapp.send(request);
    };
    return { deps: { ...miniapp, send }, asked: steps.asked.promise, answer: steps.answer.resolve };
  };
  /** A request that waits for another one. Its clock stands still, so that the wait does not time out. */
  const waitingRequest = (input: { token: string; proof: Proof }) => {
    const { miniapp, base } = worldOf();
    const waits = Promise.withResolvers<void>();
    const nowMs = base.now();
    const sleep: typeof miniapp.sleep = (ms) => (waits.resolve(), miniapp.sleep(ms));
    return { answer: bindPhone({ ...miniapp, sleep, now: () => nowMs }, input), waits: waits.promise };
  };
  return { loggedIn, codeOf, sealedOf, bind, callsFor, slowRequest, waitingRequest };
}
