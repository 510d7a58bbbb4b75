// The person in the mini-program: logs in, taps the phone button, lets it have open data and send messages.
import { realSeconds } from '../clock.ts';
import { readChoice, readCount, readFlag, readInteger, readOptionalText, readText } from '../control-body.ts';
import type { Body } from '../control-body.ts';
import { ControlError, paramError } from '../control-error.ts';
import { encryptOpenData, phoneInfo, publicProfile, rawDataSignature } from '../open-data.ts';
import type { Person, PhoneNumber } from '../people.ts';
import type { World } from '../world.ts';
import type { Actions } from './action.ts';

export const miniProgramActions: Actions = {
  /** `wx.login`, which may replace the session key: here it does, unless told not to. */
  'login-code': ({ people, loginCodes }, person, body) => {
    if (readFlag(body, 'rotate', true) || !person.sessionKey) people.renewSessionKey(person);
    return { code: loginCodes.issue(person) };
  },
  'phone-code': ({ phoneCodes }, person) => ({
    code: phoneCodes.issue({ openIds: person.openIds, phone: phoneOf(person) }),
  }),
  encrypted: giveOpenData,
  /** The person allows so many more messages of a template (platform 9.1). */
  'allow-message': (_, { grants }, body) => {
    const templateId = readText(body, 'templateId');
    const left = (grants.get(templateId) ?? 0) + readCount(body, 'times');
    grants.set(templateId, left);
    return { templateId, left };
  },
};

function giveOpenData({ people, settings }: World, person: Person, body: Body): object {
  const appid = readOptionalText(body, 'appId') ?? settings.miniapp.appId;
  const watermark = { timestamp: realSeconds() - readInteger(body, 'ageSeconds', 0), appid };
  const countryCodeAs = readChoice(body, 'countryCodeAs', ['number', 'string']);
  const sessionKey = person.sessionKey ?? people.renewSessionKey(person);
  switch (readChoice(body, 'kind', ['userInfo', 'phone'])) {
    case undefined:
      throw paramError('kind must be userInfo or phone');
    case 'phone': {
      const phone = withCountryCode(phoneOf(person), countryCodeAs);
      const data = JSON.stringify(phoneInfo(phone, watermark));
      return { ...encryptOpenData(data, sessionKey), rawData: '', signature: '' };
    }
    case 'userInfo': {
      const profile = publicProfile(person);
      const unionId = people.unionIdIn('miniapp', person);
      const data = JSON.stringify({ openId: person.openIds.miniapp, ...profile, unionId, watermark });
      const rawData = JSON.stringify(profile);
      return { ...encryptOpenData(data, sessionKey), rawData, signature: rawDataSignature(rawData, sessionKey) };
    }
  }
}

function withCountryCode(phone: PhoneNumber, as: 'number' | 'string' | undefined): PhoneNumber {
  if (!as) return phone;
  return { ...phone, countryCode: as === 'number' ? Number(phone.countryCode) : String(phone.countryCode) };
}

function phoneOf({ id, phone }: Person): PhoneNumber {
  if (!phone) throw new ControlError(409, 'NO_PHONE', `${id} has no phone number: make a person that has one`);
  return phone;
}
