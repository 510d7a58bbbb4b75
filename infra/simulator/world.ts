import { CallLog } from './call-log.ts';
import { Clock } from './clock.ts';
import { Verdicts } from './content-check/verdicts.ts';
import { createDeliver } from './deliver.ts';
import { Domains } from './domains.ts';
import { Faults } from './faults.ts';
import { IssuedSecrets } from './issued-secrets.ts';
import { MiniProgramPush } from './mini-program/push.ts';
import { OfficialAccount } from './official/account.ts';
import { OfficialPush } from './official/push.ts';
import { PlatformKeys } from './pay/platform-keys.ts';
import { createPayWorld } from './pay/world.ts';
import type { PayWorld } from './pay/world.ts';
import { TemporaryFiles } from './phone/temporary-files.ts';
import { AppTokens } from './platform/app-tokens.ts';
import { JsapiTickets } from './platform/jsapi-tickets.ts';
import { MiniProgramCodes } from './platform/mini-program-codes.ts';
import { OneTimeCodes } from './platform/one-time-codes.ts';
import { QrCodes } from './platform/qr-codes.ts';
import { UserTokens } from './platform/user-tokens.ts';
import type { Consent } from './platform/user-tokens.ts';
import { PushConsole } from './push/console.ts';
import { TemporaryMedia } from './service/media.ts';
import { TradeManagement } from './shipping/trade.ts';
import type { SimulatorSettings } from './settings.ts';
import { createVirtualWorld } from './virtual/world.ts';
import type { VirtualWorld } from './virtual/world.ts';
import { WechatUsers } from './wechat-users.ts';
import type { WechatUser, PhoneNumber } from './wechat-users.ts';

/** The state of one simulator, and its senders of pushes and notifications. */
export interface World {
  settings: SimulatorSettings;
  clock: Clock;
  log: CallLog;
  faults: Faults;
  secrets: IssuedSecrets;
  users: WechatUsers;
  appTokens: AppTokens;
  tickets: JsapiTickets;
  loginCodes: OneTimeCodes<WechatUser>;
  oauthCodes: OneTimeCodes<Consent>;
  userTokens: UserTokens;
  phoneCodes: OneTimeCodes<{ openIds: WechatUser['openIds']; phone: PhoneNumber }>;
  qrCodes: QrCodes;
  miniProgramCodes: MiniProgramCodes;
  domains: Domains;
  account: OfficialAccount;
  push: OfficialPush;
  miniProgram: PushConsole;
  miniProgramPush: MiniProgramPush;
  media: TemporaryMedia;
  files: TemporaryFiles;
  verdicts: Verdicts;
  pay: PayWorld;
  trade: TradeManagement;
  virtual: VirtualWorld | undefined;
}

/** Creates an empty world; `closing` aborts its outgoing calls. */
export function createWorld(settings: SimulatorSettings, closing: AbortSignal): World {
  const { miniapp, official, pay } = settings;
  const clock = new Clock();
  const log = new CallLog(clock);
  const keys = new PlatformKeys(pay);
  const faults: Faults = new Faults(() =>
    keys.rotate({ leadingZeros: faults.takeVariant('certificates', 'leading-zero-serial') }),
  );
  const secrets = new IssuedSecrets();
  for (const text of [miniapp.appSecret, official.appSecret]) secrets.record(text);
  const deliver = createDeliver(closing, settings.servedAt);
  const users = new WechatUsers(settings, clock, secrets);
  const account = new OfficialAccount(official, secrets);
  const miniProgram = new PushConsole({ format: 'json', ...miniapp }, secrets);
  const senders = { clock, log, faults, deliver };
  const miniProgramPush = new MiniProgramPush({ console: miniProgram, ...senders });
  const payWorld = createPayWorld(settings, { clock, log, faults, secrets, deliver, users, keys });
  return {
    settings,
    clock,
    log,
    faults,
    secrets,
    users,
    appTokens: new AppTokens(clock, secrets),
    tickets: new JsapiTickets(clock, secrets),
    loginCodes: new OneTimeCodes(clock, secrets, { expired: 40029, used: 40163 }),
    phoneCodes: new OneTimeCodes(clock, secrets, { expired: 40029, used: 40029 }),
    oauthCodes: new OneTimeCodes(clock, secrets, { expired: 42003, used: 40163 }),
    userTokens: new UserTokens(clock, secrets),
    qrCodes: new QrCodes(clock),
    miniProgramCodes: new MiniProgramCodes(miniapp.pages),
    domains: new Domains(),
    account,
    push: new OfficialPush({ console: account, ...senders }),
    miniProgram,
    miniProgramPush,
    media: new TemporaryMedia(clock),
    files: new TemporaryFiles(),
    verdicts: new Verdicts(),
    pay: payWorld,
    trade: new TradeManagement({
      clock,
      faults,
      appId: miniapp.appId,
      mchId: pay.mchId,
      isInComplaint: (outTradeNo) => payWorld.complaints.isInComplaint(outTradeNo),
      sendEvent: (user, event, fields) => miniProgramPush.sendEvent(user, event, fields),
      anyUser: () => users.first(),
    }),
    virtual: createVirtualWorld(settings, { clock, faults, secrets, console: miniProgram, miniProgramPush }),
  };
}
