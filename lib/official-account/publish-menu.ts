import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import {
  addConditionalMenu,
  buttonsSchema,
  conditionalMenuSchema,
  createMenu,
  deleteMenus,
  getConditionalMenus,
  removeConditionalMenu,
  type ConditionalMenu,
  type MenuAccess,
  type StoredConditionalMenu,
} from '../wechat/menu.ts';

export type MenuDeps = PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/** The changes of a publication. */
export interface PublishedMenus {
  /** The number of top-level buttons of the default menu. */
  published?: number;
  /** The ids of the conditional menus. */
  conditionalMenus?: { added: string[]; kept: string[]; removed: string[] };
  deleted?: 'the default menu and all conditional menus';
}

/**
 * Publishes menus of the official account:
 *
 * - `{ button: […] }` or `{ menu: { button: […] } }` replaces the default menu and keeps the conditional menus.
 * - With `conditionalmenu: […]` beside it, as in the answer of menu/get, the input describes all menus: conditional menus
 *   that differ are replaced. WeChat tries the first of the list first.
 * - `{ button: […], matchrule: {…} }` adds one conditional menu, which WeChat tries first. It replaces the conditional
 *   menus with the same rule. An identical menu keeps its place.
 * - `{ button: [] }` deletes all menus.
 *
 * The whole input is checked before the first call, because WeChat limits the calls of a day. After an error, a second run
 * completes the publication.
 * @throws PARAM_ERROR that lists every invalid place, or when WeChat declines a menu; RATE_LIMITED, WECHAT_CONFIG,
 * WECHAT_UNAVAILABLE, WECHAT_TIMEOUT. The message names the changes before the error.
 */
export async function publishMenu(deps: MenuDeps, input: unknown): Promise<PublishedMenus> {
  const parsed = v.safeParse(inputSchema, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', parsed.issues.map(describe).join('; '));
  const done: PublishedMenus = {};
  try {
    if ('matchrule' in parsed.output) await publishOne(deps, parsed.output, done);
    else await publishAll(deps, parsed.output, done);
  } catch (error) {
    throw withProgress(error, done);
  }
  return done;
}

async function publishAll(deps: MenuDeps, { button, conditionalmenu }: Menus, done: PublishedMenus): Promise<void> {
  if (button.length === 0) {
    await call(deps, (access) => deleteMenus(deps, access));
    done.deleted = 'the default menu and all conditional menus';
    return;
  }
  await call(deps, (access) => createMenu(deps, { ...access, button }));
  done.published = button.length;
  if (!conditionalmenu) return;
  const stored = await call(deps, (access) => getConditionalMenus(deps, access));
  await apply(deps, compare(conditionalmenu, stored ?? []), done);
}

async function publishOne(deps: MenuDeps, menu: ConditionalMenu, done: PublishedMenus): Promise<void> {
  const stored = await call(deps, (access) => getConditionalMenus(deps, access));
  if (!stored)
    throw new AppError('PARAM_ERROR', 'A conditional menu needs a default menu: publish a default menu first');
  const sameRule = stored.filter(({ matchrule }) => isDeepStrictEqual(matchrule, menu.matchrule));
  const same = sameRule.find((candidate) => isSame(menu, candidate));
  const outdated = sameRule.filter((candidate) => candidate !== same);
  await apply(deps, { missing: same ? [] : [menu], kept: same ? [same] : [], outdated }, done);
}

interface Difference {
  missing: ConditionalMenu[];
  kept: StoredConditionalMenu[];
  outdated: StoredConditionalMenu[];
}

/**
 * Compares wanted and stored menus, both in the order in which WeChat tries them. WeChat tries a new menu first, so a
 * stored menu is kept only if all wanted menus behind it are kept.
 */
function compare(wanted: ConditionalMenu[], stored: StoredConditionalMenu[]): Difference {
  const missing = [...wanted];
  const kept: StoredConditionalMenu[] = [];
  const outdated: StoredConditionalMenu[] = [];
  for (const candidate of stored.toReversed()) {
    const last = missing.at(-1);
    if (last && isSame(last, candidate)) {
      missing.pop();
      kept.push(candidate);
    } else outdated.push(candidate);
  }
  return { missing, kept, outdated };
}

/** Adds menus, then removes menus: if WeChat declines a new menu, the users keep the old menus. */
async function apply(deps: MenuDeps, { missing, kept, outdated }: Difference, done: PublishedMenus): Promise<void> {
  const changes = { added: [] as string[], kept: kept.map(({ menuId }) => menuId), removed: [] as string[] };
  done.conditionalMenus = changes;
  for (const menu of missing.toReversed()) {
    changes.added.push(await call(deps, (access) => addConditionalMenu(deps, { ...access, menu })));
  }
  for (const { menuId } of outdated) {
    await call(deps, (access) => removeConditionalMenu(deps, { ...access, menuId }));
    changes.removed.push(menuId);
  }
}

function isSame({ button, matchrule }: ConditionalMenu, stored: StoredConditionalMenu): boolean {
  return isDeepStrictEqual([button, matchrule], [stored.button, stored.matchrule]);
}

function call<Answer>({ app, accessToken }: MenuDeps, run: (access: MenuAccess) => Promise<Answer>): Promise<Answer> {
  return accessToken.withToken((token) => run({ app, accessToken: token }));
}

/** Adds the changes so far to an error. */
function withProgress(error: unknown, { published, conditionalMenus: { added, removed } = noChanges }: PublishedMenus) {
  const changes = [
    ...(published === undefined ? [] : ['published the default menu']),
    ...(added.length === 0 ? [] : [`added the conditional menus ${added.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`removed the conditional menus ${removed.join(', ')}`]),
  ];
  if (!(error instanceof AppError) || changes.length === 0) return error;
  const { code, message, cause, detail, retryAfterSeconds } = error;
  const progress = `Before this error, the command ${changes.join(' and ')}; run it again to complete the publication.`;
  return new AppError(code, `${message}\n${progress}`, {
    cause,
    ...(detail && { detail }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

const noChanges = { added: [], kept: [], removed: [] };

/** The id of a menu, which only WeChat assigns. */
const menuid = v.optional(v.unknown());
const conditionalmenu = v.optional(v.array(conditionalMenuSchema));
const answerOfGet = v.pipe(
  v.strictObject({ menu: v.strictObject({ button: buttonsSchema, menuid }), conditionalmenu }),
  v.transform(({ menu, ...conditional }) => ({ button: menu.button, ...conditional })),
);
const allMenus = v.pipe(
  v.lazy((input) =>
    has(input, 'menu') ? answerOfGet : v.strictObject({ button: buttonsSchema, menuid, conditionalmenu }),
  ),
  v.check(
    (menus) => menus.button.length > 0 || !menus.conditionalmenu?.length,
    'has conditional menus but no default menu, which they need',
  ),
);
type Menus = v.InferOutput<typeof allMenus>;

const inputSchema = v.lazy((input) => (has(input, 'matchrule') ? conditionalMenuSchema : allMenus));

function has(input: unknown, name: string): boolean {
  return typeof input === 'object' && input !== null && name in input;
}

/** Returns an issue with its place, such as `button[0].sub_button[2].name: is empty`. */
function describe({ path, message, expected, received }: v.BaseIssue<unknown>): string {
  const place = path?.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('') ?? '';
  const isUnknown = expected === 'never' && message.startsWith('Invalid key');
  const reason = isUnknown ? 'is unknown' : received === 'undefined' ? 'is missing' : message;
  return `${place.replace(/^\./, '') || 'the menu'}: ${reason}`;
}
