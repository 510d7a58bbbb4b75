// A world with CONTENT_CHECK=on: the simulator checks content, and pushes its verdicts to the webhook.
import { decideContent } from '../../lib/content-check/decide.ts';
import { sweepChecks } from '../../lib/content-check/sweep-checks.ts';
import { takeVerdict } from '../../lib/content-check/take-verdict.ts';
import type { Runtime } from '../../lib/core/runtime.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { register } from '../../lib/identity/register.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import type { ContentCheck } from '../../lib/store/content-checks.ts';
import { keys } from '../../lib/store/keys.ts';
import { getItem } from '../../lib/store/table.ts';
import { readUploads } from '../../lib/store/uploads.ts';
import { createUpload } from '../../lib/uploads/create-upload.ts';
import { loadContentCheck, loadContentSweep, loadVerdicts } from '../../lib/wiring/content-check.ts';
import { loadProfileUpdate } from '../../lib/wiring/identity.ts';
import { loadUploads } from '../../lib/wiring/uploads.ts';
import { startBucket } from './bucket.ts';
import { withMetrics } from './metrics.ts';
import { distinctPng } from './pictures.ts';
import { createSessions } from './sessions.ts';
import { createWebhookWorld } from './webhooks.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const TEXT_CALL = '/wxa/msg_sec_check';
export const PICTURE_CALL = '/wxa/media_check_async';

export type ContentWorld = Awaited<ReturnType<typeof createContentWorld>>;

export async function createContentWorld() {
  const bucket = await startBucket();
  const world = await createWebhookWorld('miniapp-events', { CONTENT_CHECK: 'on' });
  const control = async (method: string, path: string, body: object) => {
    const response = await fetch(world.simulator.url + path, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  await control('POST', '/_miniapp', { callbackUrl: world.address.url });
  await control('PUT', '/_content-check', { mediaDelayMs: HOUR_MS / 2 });
  const verdicts = await loadVerdicts(world.outside);
  /** Loads the dependencies like a cold instance, with another `send` if given. */
  const load = async (change: Partial<Runtime> = {}) => {
    const outside = { ...world.outside, ...change };
    return {
      check: (await loadContentCheck(outside))!,
      sweep: await loadContentSweep(outside),
      profile: await loadProfileUpdate(outside),
      uploads: await loadUploads(outside),
    };
  };
  const deps = await load();
  const readState = (uploadId: string) => getItem<ContentCheck>(world.table, keys.check(uploadId), 'strong');

  return {
    ...world,
    bucket,
    deps,
    load,
    verdicts,
    logIn: async () => {
      const person = await world.phone.newPerson();
      return { person, ...(await loginMiniapp(world.miniapp, await world.phone.loginCode(person))) };
    },
    /** A user of the official account, who never used the mini-program. */
    logInH5: async () => {
      const { openIds } = await world.phone.newPerson();
      return register(world.sessions, await createSessions(world).registrationOf(openIds.official));
    },
    /** Uploads a picture that differs from all others, or has the given text behind its pixels. */
    upload: (token: string, text: string = crypto.randomUUID(), uploads = deps.uploads) =>
      createUpload(uploads, { token, readFile: async () => distinctPng(text) }),
    update: (token: string, input: { nickname?: string; avatarUrl?: string; avatarUploadId?: string }, change = deps) =>
      updateProfile(change.profile, { token, input }),
    account: async (id: string) => (await readAccount(world.table, id, 'strong'))!,
    uploadsOf: (id: string) => readUploads(world.table, id),
    check: readState,
    /** Returns all checks, oldest first. */
    checks: async () => {
      const items = (await world.everything()) as ({ sk: string } & ContentCheck)[];
      return items.filter(({ sk }) => sk === 'CHECK').toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
    },
    traces: async () => ((await world.everything()) as { sk: string }[]).filter(({ sk }) => sk === 'TRACE'),
    /** Makes WeChat classify all texts and addresses with one of these words as risky, or as unclear. */
    classify: (words: { risky?: string[]; review?: string[] }) => control('PUT', '/_content-check', words),
    /** Moves the clocks of the flows and of WeChat, which sends the pushes that become due. */
    wait: async (ms: number) => {
      world.clock.offsetMs += ms;
      await control('POST', '/_clock', { advanceMs: ms });
    },
    sweepNow: () => sweepChecks(deps.sweep),
    takeVerdict: (traceId: string, suggest: 'pass' | 'review' | 'risky' | 'failed', label = '100') =>
      takeVerdict(verdicts, { traceId, suggest, label }),
    decide: (input: unknown) => decideContent(verdicts, input),
    close: async () => {
      await world.close();
      await bucket.stop();
    },
  };
}

/** Runs `act`. @returns the reasons of all contents that were counted as unchecked meanwhile */
export async function uncheckedDuring(act: () => Promise<unknown>): Promise<string[]> {
  const [, metrics] = await withMetrics(act);
  return metrics.flatMap((metric) => (metric.endsWith(' UncheckedContents') ? metric.split(' ')[0]! : []));
}
