import { judgeMedia, mediaCheckFields } from '../content-check/media.ts';
import type { Verdict } from '../content-check/verdicts.ts';
import { createDailyQuota, createMinuteQuota } from '../quota.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import { newTrace, PlatformError } from './error.ts';
import { ok, readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

type Body = Record<string, unknown>;

/** The user must have opened the mini-program within this time. */
const recentMs = 2 * 3_600_000;
const maxContentCharacters = 2_500;

/**
 * Checks of the content of users, version 2.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck.md
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync
 */
export function contentCheckRoutes(world: World): PlatformRoutes {
  const { settings, clock, verdicts, faults, miniProgramPush } = world;
  const { appId } = settings.miniapp;
  const spendText = createSpending(world, { minute: 4_000, day: 2_000_000 });
  const spendMedia = createSpending(world, { minute: 2_000, day: 200_000 });

  return {
    '/wxa/msg_sec_check': {
      method: 'POST',
      app: 'miniapp',
      json: (call) => {
        const body = readJson(call);
        spendText();
        readSubject(world, body);
        if (faults.takeVariant('msg-sec-check', '61010')) throw new PlatformError(61010);
        const { content = '', nickname = '', title = '', signature = '' } = body;
        const texts = [content, nickname, title, signature].map(readText);
        if (texts[0] === '') throw new PlatformError(44002);
        if ([...texts[0]!].length > maxContentCharacters) throw new PlatformError(45002);
        return describeText(verdicts.judge(...texts));
      },
    },
    '/wxa/media_check_async': {
      method: 'POST',
      app: 'miniapp',
      json: async (call) => {
        const body = readJson(call);
        spendMedia();
        const user = readSubject(world, body);
        const { media_url: url, media_type: type } = body;
        if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url)) throw new PlatformError(40097);
        if (type !== 1 && type !== 2) throw new PlatformError(40097);
        const traceId = newTrace();
        const report = async () => {
          const verdict = await judgeMedia(verdicts, { url, isAudio: type === 1, servedAt: settings.servedAt });
          const version = faults.takeVariant('media-check', 'version-1') ? 1 : 2;
          const fields = mediaCheckFields(verdict, { appId, traceId, version });
          await miniProgramPush.sendEvent(user, 'wxa_media_check', fields);
        };
        if (faults.takeVariant('media-check', 'push-before-answer')) await report();
        else if (!faults.takeVariant('media-check', 'no-push'))
          clock.schedule(clock.now() + verdicts.mediaDelayMs, report);
        return { ...ok, trace_id: traceId };
      },
    },
  };
}

/** Checks the fields of both calls. @returns the user whose content it is */
function readSubject({ users, clock }: World, { version, scene, openid }: Body): WechatUser {
  if (version !== 2) throw new PlatformError(40097);
  if (![1, 2, 3, 4].some((known) => known === scene)) throw new PlatformError(40129);
  const user = users.byOpenId('miniapp', openid);
  if (!user) throw new PlatformError(users.byOpenId('official', openid) ? 43104 : 40003);
  if (clock.now() - (user.openedMiniProgramAt ?? -Infinity) > recentMs) throw new PlatformError(61010);
  return user;
}

function readText(value: unknown): string {
  if (typeof value !== 'string') throw new PlatformError(47001);
  return value;
}

/** Renders a verdict about a text. A word that was found is a hit of the strategy `keyword`. */
function describeText({ suggest, label, keyword }: Verdict): object {
  const model = { strategy: 'content_model', errcode: 0, suggest, label, prob: 90 };
  const words = {
    strategy: 'keyword',
    errcode: 0,
    ...(keyword !== undefined && { suggest, label, level: 90, keyword }),
  };
  return { ...ok, detail: [words, model], trace_id: newTrace(), result: { suggest, label } };
}

/** Counts the calls of the mini-program. @throws PlatformError when a limit is reached */
function createSpending({ clock, settings }: World, { minute, day }: { minute: number; day: number }): () => void {
  const [perMinute, perDay] = [createMinuteQuota(minute), createDailyQuota(day)];
  return () => {
    if (!perMinute(settings.miniapp.appId, clock.now())) throw new PlatformError(45011);
    if (!perDay(settings.miniapp.appId, clock.now())) throw new PlatformError(45009);
  };
}
