// The programs of content checks. The functions of the bench run without checks, so these flows have wiring of their own.
import assert from 'node:assert/strict';
import { takeVerdict } from '../../lib/content-check/take-verdict.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { readCheck } from '../../lib/store/content-checks.ts';
import { createUpload } from '../../lib/uploads/create-upload.ts';
import { loadVerdicts } from '../../lib/wiring/content-check.ts';
import { loadProfileUpdate } from '../../lib/wiring/identity.ts';
import { loadUploads } from '../../lib/wiring/uploads.ts';
import { PNG } from '../support/pictures.ts';
import { actorsOf } from './actors.ts';
import type { FlowName } from './budgets.ts';
import type { Prepare } from './flows.ts';
import type { World } from './world.ts';

export function contentFlows(world: World) {
  const { loggedIn } = actorsOf(world);
  const upload = async (token: string) => {
    const deps = await withChecks(loadUploads);
    return () => createUpload(deps, { token, readFile: async () => PNG });
  };
  return {
    'upload, checked': async () => {
      const run = await upload((await loggedIn()).token);
      return async () => assert.equal((await run()).status, 'checking');
    },
    'nickname, checked': async () => {
      const [{ token }, deps] = [await loggedIn(), await withChecks(() => loadProfileUpdate())];
      return async () => {
        const { user } = await updateProfile(deps, { token, input: { nickname: '李雷' } });
        assert.equal(user.nickname, '李雷');
      };
    },
    'picture verdict': async () => {
      const { token } = await loggedIn();
      const { uploadId } = await (await upload(token))();
      const profile = await withChecks(() => loadProfileUpdate());
      await updateProfile(profile, { token, input: { avatarUploadId: uploadId } });
      const deps = await loadVerdicts();
      const { traceId } = (await readCheck(deps.table, uploadId, deps.now()))!;
      const verdict = { traceId: traceId!, suggest: 'pass', label: '100' } as const;
      return async () => assert.equal(await takeVerdict(deps, verdict), 'passed');
    },
  } satisfies Partial<Record<FlowName, Prepare>>;
}

async function withChecks<Deps>(load: () => Promise<Deps>): Promise<Deps> {
  process.env['CONTENT_CHECK'] = 'on';
  try {
    return await load();
  } finally {
    process.env['CONTENT_CHECK'] = 'off';
  }
}
