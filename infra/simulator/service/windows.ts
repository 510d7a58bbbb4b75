import type { Clock } from '../clock.ts';

/** The user's actions that allow customer-service messages. */
type Trigger = 'message' | 'entry' | 'follow' | 'scan' | 'menu-click';

const minuteMs = 60_000;

/** The messages that an action allows, and for how long. */
const allowances: Record<Trigger, { count: number; ms: number }> = {
  message: { count: 5, ms: 48 * 60 * minuteMs },
  entry: { count: 2, ms: minuteMs },
  follow: { count: 3, ms: minuteMs },
  scan: { count: 3, ms: minuteMs },
  'menu-click': { count: 3, ms: minuteMs },
};

/** The customer-service messages that one app may send to one user. Each action of the user opens its window anew. */
export class ServiceWindows {
  readonly #clock: Clock;
  readonly #open = new Map<Trigger, { left: number; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(trigger: Trigger): void {
    const { count, ms } = allowances[trigger];
    this.#open.set(trigger, { left: count, until: this.#clock.now() + ms });
  }

  /** Uses one message of the window that ends first. @returns whether one was left, or no window is open */
  take(): 'taken' | 'exceeded' | 'closed' {
    const now = this.#clock.now();
    const windows = [...this.#open.values()].filter(({ until }) => until > now).toSorted((a, b) => a.until - b.until);
    const window = windows.find(({ left }) => left > 0);
    if (!window) return windows.length > 0 ? 'exceeded' : 'closed';
    window.left -= 1;
    return 'taken';
  }
}
