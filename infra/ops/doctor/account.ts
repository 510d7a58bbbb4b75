import { addressSetting, badSetting, originsOf, SECRET_NAMES, settings, variable } from '../../../lib/core/config.ts';
import { readVerificationFiles } from '../../../lib/h5/verification-file.ts';
import type { Deployment } from '../deployment.ts';
import { ask } from '../probes.ts';
import { Refusal } from '../refusal.ts';
import { row, type Finding, type Row } from '../rows.ts';
import type { Stored } from '../secrets/store.ts';
import type { Target } from '../target.ts';
import { oddities } from './settings.ts';

/** WeChat Pay refuses what is five minutes off; more than a minute says that nobody sets this clock. */
const CLOCK_FAILS_S = 300;
const CLOCK_DOUBTFUL_S = 60;
const IN_ORDER = /^((CREATE|UPDATE|IMPORT)_COMPLETE|RUNNING)$/;

/** That it is there, and that everybody agrees what time it is. */
export function checkAccount({ stackName }: Target, deployment: Deployment): Promise<Row[]> {
  const { status, place, outputs } = deployment;
  return Promise.all([
    row('stack', () => {
      const note = `${stackName}, ${status}, ${place}`;
      // After a failed update CloudFormation is back where it was.
      if (status === 'UPDATE_ROLLBACK_COMPLETE') return { mark: '!', note: `${note}: the last deployment failed` };
      if (IN_ORDER.test(status)) return note;
      throw new Refusal(note);
    }),
    row('outbound address', () =>
      outputs.EgressIp
        ? `${outputs.EgressIp}: the one for WeChat's IP whitelist`
        : { mark: '–', note: 'not fixed (EGRESS=open): no whitelist can be kept' },
    ),
    row('clock', async () => {
      const { HttpApiUrl = '' } = outputs;
      const offsets = await Promise.all([
        clockOffset('AWS', `${HttpApiUrl}/health`),
        clockOffset('WeChat', addressSetting('WECHAT_API_BASE_URL')),
        clockOffset('WeChat Pay', addressSetting('WECHAT_PAY_BASE_URL')),
      ]);
      return judgeClock(offsets);
    }),
  ]);
}

/** What every part needs, whatever is set up. */
export function checkSettings(
  { secretsPath, standIns }: Target,
  { variables }: Deployment,
  stored: Map<string, Stored>,
): Promise<Row[]> {
  return Promise.all([
    row('SECRETS_PATH', () => {
      if (variables.SECRETS_PATH === secretsPath)
        return `${secretsPath}, ${stored.size} of ${SECRET_NAMES.length} names`;
      throw new Refusal(`is ${variables.SECRETS_PATH || 'not set'} on the functions, and must be ${secretsPath}`);
    }),
    ...oddities(variables, stored).map((note) => row('secrets', () => ({ mark: '!', note }))),
    row('PUBLIC_BASE_URL', async () => {
      const address = addressSetting('PUBLIC_BASE_URL');
      if (!standIns && !address.startsWith('https:')) throw new Refusal(`${address} is not https`);
      const { status } = await ask(`${address}/health`);
      if (status === 200) return address;
      throw new Refusal(`${address}/health answers ${status}: is this the address of the HTTP API?`);
    }),
    row('ALLOWED_ORIGINS', () => {
      const origins = originsOf(variable('ALLOWED_ORIGINS') ?? '');
      const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
      if (wrong) throw new Refusal(`${wrong} is no origin: https://shop.example.com`);
      return origins.length > 0 ? origins.join(', ') : { mark: '–', note: 'no web page may use the API' };
    }),
    row('MP_VERIFY_FILES', () => {
      const files = [...readVerificationFiles(settings('MP_VERIFY_FILES').MP_VERIFY_FILES).keys()];
      return files.length > 0 ? files.join(', ') : { mark: '–', note: 'no domain is verified for WeChat' };
    }),
    // Not of one app: every poll for a login code stops at a wrong one, whoever the code is for.
    row('SCAN_LOGIN_REGISTER', () => {
      const { SCAN_LOGIN_REGISTER: register } = settings('SCAN_LOGIN_REGISTER');
      if (register === 'ask' || register === 'auto') return register;
      throw badSetting('SCAN_LOGIN_REGISTER', 'must be ask or auto');
    }),
  ]);
}

/** Seconds that this machine is ahead of whoever answers, to a second: from the middle of the call. */
async function clockOffset(name: string, url: string): Promise<[name: string, seconds: number]> {
  const beganMs = Date.now();
  const { date } = await ask(url);
  const middleMs = (beganMs + Date.now()) / 2;
  const saidMs = Date.parse(date);
  if (Number.isNaN(saidMs)) throw new Refusal(`${new URL(url).origin} does not say what time it is`);
  return [name, Math.round((middleMs - saidMs) / 1_000)];
}

/** The clock of this machine and those of AWS and WeChat: it is the latter two that have to agree. */
export function judgeClock(offsets: [name: string, seconds: number][]): string | Finding {
  const note = offsets.map(([name, seconds]) => `${seconds} s from ${name}`).join(', ');
  const furthest = Math.max(...offsets.map(([, seconds]) => Math.abs(seconds)));
  if (furthest >= CLOCK_FAILS_S) throw new Refusal(`${note}: set the clock of this machine`);
  return furthest > CLOCK_DOUBTFUL_S ? { mark: '!', note } : note;
}
