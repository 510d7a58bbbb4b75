import type { Button, MatchRule } from '../platform/menu-rules.ts';
import type { WechatUser } from '../wechat-users.ts';

interface ConditionalMenu {
  button: Button[];
  matchrule: MatchRule;
  menuid: number;
}

/** The domains of all conditional menus together. */
const MAX_DOMAINS = 3;

/** The custom menus of the official account that were created through the API. */
export class Menus {
  /** The menu of users without a matching conditional menu. */
  default: { button: Button[]; menuid: number } | null = null;
  /**
   * Newest first: WeChat tries the newest first. An answer of menu/get that a customer-service system recorded has this
   * order too (ids 407336786, 407336768), and shows that WeChat stores identical conditional menus twice.
   */
  conditional: ConditionalMenu[] = [];
  #lastId = 400_000_000;

  /**
   * Replaces the default menu and keeps the conditional menus. Their ids in a published answer of menu/get are older
   * than the id of the default menu: https://blog.csdn.net/QQ1752506968/article/details/91586716
   */
  create(button: Button[]): void {
    this.default = { button, menuid: this.#newId() };
  }

  /** Adds a conditional menu. @returns its id, or undefined when the conditional menus would have too many domains */
  add(button: Button[], matchrule: MatchRule): number | undefined {
    const menu = { button, matchrule, menuid: this.#newId() };
    if (countDomains([menu, ...this.conditional]) > MAX_DOMAINS) return undefined;
    this.conditional = [menu, ...this.conditional];
    return menu.menuid;
  }

  /** Removes a conditional menu. @returns whether it existed */
  remove(menuid: string): boolean {
    const left = this.conditional.filter((menu) => String(menu.menuid) !== menuid);
    const existed = left.length < this.conditional.length;
    this.conditional = left;
    return existed;
  }

  /** Deletes the default menu and all conditional menus. */
  deleteAll(): void {
    this.default = null;
    this.conditional = [];
  }

  /** The buttons that a user sees, if there is a default menu. */
  seenBy(user: WechatUser): Button[] | undefined {
    return (this.conditional.find(({ matchrule }) => matches(matchrule, user)) ?? this.default)?.button;
  }

  #newId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** Whether a rule matches a user. A rule with a retired field matches no user. The newest tag of a user counts. */
function matches({ tag_id: tag, client_platform_type: platform, ...retired }: MatchRule, user: WechatUser): boolean {
  if (Object.keys(retired).length > 0) return false;
  if (tag !== undefined && tag !== String(user.tagIds.at(-1))) return false;
  return platform === undefined || platform === String(user.clientPlatformType);
}

function countDomains(menus: ConditionalMenu[]): number {
  const urls = menus.flatMap(({ button }) => button).flatMap(urlsOf);
  return new Set(urls.map((url) => new URL(url).hostname)).size;
}

function urlsOf({ url, sub_button: subButtons }: Button): string[] {
  const below = Array.isArray(subButtons) ? subButtons.flatMap((sub: Button) => urlsOf(sub)) : [];
  return typeof url === 'string' ? [url, ...below] : below;
}
