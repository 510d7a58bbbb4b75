import { CallLog } from './call-log.ts';
import { Clock } from './clock.ts';
import { createDeliver } from './deliver.ts';
import { Faults } from './faults.ts';
import { OfficialAccount } from './official/account.ts';
import { OfficialPush } from './official/push.ts';
import { PlatformKeys } from './pay/platform-keys.ts';
import { createPayWorld } from './pay/world.ts';
import type { PayWorld } from './pay/world.ts';
import { People } from './people.ts';
import type { Person, PhoneNumber } from './people.ts';
import { JsapiTickets } from './platform/jsapi-tickets.ts';
import { MiniCodes } from './platform/mini-codes.ts';
import { OneTimeCodes } from './platform/one-time-codes.ts';
import { QrCodes } from './platform/qr-codes.ts';
import { Tokens } from './platform/tokens.ts';
import { UserTokens } from './platform/user-tokens.ts';
import type { Consent } from './platform/user-tokens.ts';
import { Secrets } from './secrets.ts';
import type { SimulatorSettings } from './settings.ts';

/** Everything that this WeChat remembers, and its two ways of calling back. */
export interface World {
  settings: SimulatorSettings;
  clock: Clock;
  log: CallLog;
  faults: Faults;
  secrets: Secrets;
  people: People;
  tokens: Tokens;
  tickets: JsapiTickets;
  loginCodes: OneTimeCodes<Person>;
  oauthCodes: OneTimeCodes<Consent>;
  userTokens: UserTokens;
  phoneCodes: OneTimeCodes<{ openIds: Person['openIds']; phone: PhoneNumber }>;
  qrCodes: QrCodes;
  miniCodes: MiniCodes;
  account: OfficialAccount;
  push: OfficialPush;
  pay: PayWorld;
}

/** An empty world; `closing` ends its calls to the outside. */
export function createWorld(settings: SimulatorSettings, closing: AbortSignal): World {
  const { miniapp, official, pay } = settings;
  const clock = new Clock();
  const log = new CallLog(clock);
  const keys = new PlatformKeys(pay);
  const faults = new Faults(() => keys.rotate());
  const secrets = new Secrets();
  for (const text of [miniapp.appSecret, official.appSecret]) secrets.keep(text);
  const deliver = createDeliver(closing, settings.servedAt);
  const people = new People(settings, secrets);
  const account = new OfficialAccount(official, secrets);
  return {
    settings,
    clock,
    log,
    faults,
    secrets,
    people,
    tokens: new Tokens(clock, secrets),
    tickets: new JsapiTickets(clock, secrets),
    loginCodes: new OneTimeCodes(clock, secrets, { expired: 40029, used: 40163 }),
    phoneCodes: new OneTimeCodes(clock, secrets, { expired: 40029, used: 40029 }),
    oauthCodes: new OneTimeCodes(clock, secrets, { expired: 42003, used: 40163 }),
    userTokens: new UserTokens(clock, secrets),
    qrCodes: new QrCodes(clock),
    miniCodes: new MiniCodes(),
    account,
    push: new OfficialPush({ account, clock, log, deliver }),
    pay: createPayWorld(settings, { clock, log, faults, secrets, deliver, people, keys }),
  };
}
