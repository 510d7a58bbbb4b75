import type { Runtime } from '../runtime.ts';
import { ticketScanned } from '../scan-login/scanned.ts';
import type { Table } from '../store/table.ts';
import type { OfficialEvent, OfficialPush } from '../wechat/official-push.ts';

type PushDeps = Pick<Runtime, 'now' | 'log'> & { table: Table; appId: string; siteName: string };

/**
 * One push of the official account to its effect, and to the text that the person reads; undefined is a bare
 * `success`. Every effect here is idempotent by its own condition, so a repeated push needs no memory.
 */
export async function answerPush(deps: PushDeps, push: OfficialPush): Promise<string | undefined> {
  if (push.content.type !== 'event') return undefined;
  const scene = sceneOf(push.content);
  if (!scene) return undefined;
  const outcome = await ticketScanned(deps, { appId: deps.appId, openId: push.openId, scene });
  deps.log.info('official-account.scan', { outcome, openId: push.openId });
  return outcome === 'foreign' ? undefined : REPLIES[outcome](deps.siteName);
}

const REPLIES = {
  scanned: (site: string) => `您正在登录「${site}」。如果不是您本人在操作，请勿理会，并不要扫描陌生人的二维码。`,
  refused: (site: string) => `二维码已失效，请在「${site}」刷新后重新扫描。`,
};

/** The scene of a scanned code: `qrscene_` stands before it on a subscribe only (platform 3.5). */
function sceneOf({ name, key }: OfficialEvent): string | undefined {
  if (name === 'SCAN') return key;
  if (name === 'subscribe' && key.startsWith('qrscene_')) return key.slice('qrscene_'.length);
  return undefined;
}
