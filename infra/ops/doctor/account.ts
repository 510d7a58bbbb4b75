import { addressSetting, badSetting, originsOf, SECRET_NAMES, settings, variable } from '../../../lib/core/config.ts';
import { readVerificationFiles } from '../../../lib/h5/verification-file.ts';
import type { Deployment } from '../deployment.ts';
import { sendProbe } from '../probes.ts';
import { CommandError } from '../command.ts';
import { runCheck, type CheckOutcome, type CheckResult } from '../check-report.ts';
import type { Stored } from '../secrets/store.ts';
import type { Target } from '../target.ts';
import { listStoreWarnings } from './settings.ts';

/** WeChat Pay rejects requests that are five minutes off. An offset of more than a minute shows a clock without NTP. */
const CLOCK_FAILS_S = 300;
const CLOCK_DOUBTFUL_S = 60;
const IN_ORDER = /^((CREATE|UPDATE|IMPORT)_COMPLETE|RUNNING)$/;

/** Checks that the stack exists and that the clocks agree. */
export function checkAccount({ stackName }: Target, deployment: Deployment): Promise<CheckResult[]> {
  const { status, place, outputs } = deployment;
  return Promise.all([
    runCheck('stack', () => {
      const note = `${stackName}, ${status}, ${place}`;
      // CloudFormation has rolled a failed update back, and the previous deployment runs.
      if (status === 'UPDATE_ROLLBACK_COMPLETE') return { mark: '!', note: `${note}: the last deployment failed` };
      if (IN_ORDER.test(status)) return note;
      throw new CommandError(note);
    }),
    runCheck('outbound address', () =>
      outputs.EgressIp
        ? `${outputs.EgressIp}: the address for WeChat's IP allowlist`
        : { mark: '–', note: 'not fixed (EGRESS=open): an IP allowlist of WeChat would reject the functions' },
    ),
    runCheck('clock', async () => {
      const { HttpApiUrl = '' } = outputs;
      const offsets = await Promise.all([
        measureClockOffset('AWS', `${HttpApiUrl}/health`),
        measureClockOffset('WeChat', addressSetting('WECHAT_API_BASE_URL')),
        measureClockOffset('WeChat Pay', addressSetting('WECHAT_PAY_BASE_URL')),
      ]);
      return judgeClock(offsets);
    }),
  ]);
}

/** Checks the settings that every part needs. */
export function checkSettings(
  { secretsPath, standIns }: Target,
  { variables }: Deployment,
  stored: Map<string, Stored>,
): Promise<CheckResult[]> {
  return Promise.all([
    runCheck('SECRETS_PATH', () => {
      if (variables.SECRETS_PATH === secretsPath)
        return `${secretsPath}, ${stored.size} of ${SECRET_NAMES.length} names`;
      throw new CommandError(`is ${variables.SECRETS_PATH || 'not set'} on the functions; it must be ${secretsPath}`);
    }),
    ...listStoreWarnings(variables, stored).map((note) => runCheck('secrets', () => ({ mark: '!', note }))),
    runCheck('PUBLIC_BASE_URL', async () => {
      const address = addressSetting('PUBLIC_BASE_URL');
      if (!standIns && !address.startsWith('https:')) throw new CommandError(`${address} is not https`);
      const { status } = await sendProbe(`${address}/health`);
      if (status === 200) return address;
      throw new CommandError(`${address}/health answers ${status}: is this the address of the HTTP API?`);
    }),
    runCheck('ALLOWED_ORIGINS', () => {
      const origins = originsOf(variable('ALLOWED_ORIGINS') ?? '');
      const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
      if (wrong) throw new CommandError(`${wrong} is not an origin such as https://shop.example.com`);
      return origins.length > 0 ? origins.join(', ') : { mark: '–', note: 'no web page may use the API' };
    }),
    runCheck('MP_VERIFY_FILES', () => {
      const files = [...readVerificationFiles(settings('MP_VERIFY_FILES').MP_VERIFY_FILES).keys()];
      return files.length > 0 ? files.join(', ') : { mark: '–', note: 'no domain is verified for WeChat' };
    }),
    // A wrong value fails every push of the official account.
    runCheck('SCAN_LOGIN_CONFIRM', () => {
      const { SCAN_LOGIN_CONFIRM: confirmBy } = settings('SCAN_LOGIN_CONFIRM');
      if (confirmBy === 'tap') return confirmBy;
      if (confirmBy === 'scan')
        return { mark: '!', note: "scan: an attacker's code takes over the account of each user who scans it" };
      throw badSetting('SCAN_LOGIN_CONFIRM', 'must be tap or scan');
    }),
    runCheck('TRUSTED_PROXY', judgeTrustedProxy),
    // A wrong value fails every poll for a login code, of either app.
    runCheck('SCAN_LOGIN_REGISTER', () => {
      const { SCAN_LOGIN_REGISTER: register } = settings('SCAN_LOGIN_REGISTER');
      if (register === 'ask' || register === 'auto') return register;
      throw badSetting('SCAN_LOGIN_REGISTER', 'must be ask or auto');
    }),
  ]);
}

/** Judges whether the functions can recognise requests of the trusted proxy. */
export function judgeTrustedProxy(): string | CheckOutcome {
  const { TRUSTED_PROXY: proxy } = settings('TRUSTED_PROXY');
  if (proxy === '') return { mark: '–', note: 'none: the address that the gateway sees counts' };
  if (proxy !== 'cloudfront') throw badSetting('TRUSTED_PROXY', 'must be empty or cloudfront');
  if (variable('ORIGIN_SECRET') !== undefined) return 'cloudfront, recognised by ORIGIN_SECRET';
  const note =
    'cloudfront, but ORIGIN_SECRET is not set: logins and prepay return 503 → npm run secrets -- put ORIGIN_SECRET';
  return { mark: '!', note };
}

/** Returns how many seconds this machine is ahead of a server, measured from the middle of the call. */
async function measureClockOffset(name: string, url: string): Promise<[name: string, seconds: number]> {
  const beganMs = Date.now();
  const { date } = await sendProbe(url);
  const middleMs = (beganMs + Date.now()) / 2;
  const serverMs = Date.parse(date);
  if (Number.isNaN(serverMs)) throw new CommandError(`${new URL(url).origin} sends no Date header`);
  return [name, Math.round((middleMs - serverMs) / 1_000)];
}

/** Judges the offsets of this machine from AWS and from WeChat. */
export function judgeClock(offsets: [name: string, seconds: number][]): string | CheckOutcome {
  const note = offsets.map(([name, seconds]) => `${seconds} s from ${name}`).join(', ');
  const furthest = Math.max(...offsets.map(([, seconds]) => Math.abs(seconds)));
  if (furthest >= CLOCK_FAILS_S) throw new CommandError(`${note}: set the clock of this machine`);
  return furthest > CLOCK_DOUBTFUL_S ? { mark: '!', note } : note;
}
