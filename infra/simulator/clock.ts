interface Task {
  dueAt: number;
  run: () => Promise<void>;
}

// setTimeout turns longer delays into 1 ms.
const longestTimerMs = 2_147_483_647;

/**
 * The simulator's virtual clock: real time plus an offset that only grows. Lifetimes and retry schedules use it.
 * Signatures on the wire carry real time, because receivers compare them with their own clock.
 */
export class Clock {
  #offsetMs = 0;
  #tasks: Task[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Runs a task when the clock reaches `dueAt` (epoch ms), through real time or `advance`. */
  schedule(dueAt: number, run: () => Promise<void>): void {
    if (this.#stopped) return;
    const later = this.#tasks.findIndex((task) => task.dueAt > dueAt);
    this.#tasks.splice(later < 0 ? this.#tasks.length : later, 0, { dueAt, run });
    this.#arm();
  }

  /** Moves the clock forward. Resolves after every task that became due, newly scheduled ones included, has run in order. */
  advance(advanceMs: number): Promise<void> {
    return this.#runExclusively(() => this.#runUntilOffset(this.#offsetMs + advanceMs));
  }

  stop(): void {
    this.#stopped = true;
    this.#tasks = [];
    clearTimeout(this.#timer);
  }

  #runExclusively(work: () => Promise<void>): Promise<void> {
    this.#running = this.#running.then(work);
    return this.#running;
  }

  async #runUntilOffset(finalOffsetMs: number): Promise<void> {
    for (;;) {
      const task = this.#tasks[0];
      if (!task || task.dueAt > Date.now() + finalOffsetMs) break;
      this.#tasks.shift();
      // Stops at the task's own time, so that log entries and retries get the times of the real schedule.
      this.#offsetMs = Math.min(finalOffsetMs, Math.max(this.#offsetMs, task.dueAt - Date.now()));
      await task.run().catch((error: unknown) => console.error('simulator: scheduled task failed', error));
    }
    this.#offsetMs = finalOffsetMs;
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#tasks[0];
    if (!next || this.#stopped) return;
    const delayMs = Math.min(Math.max(next.dueAt - this.now(), 1), longestTimerMs);
    this.#timer = setTimeout(() => void this.#runExclusively(() => this.#runUntilOffset(this.#offsetMs)), delayMs);
    this.#timer.unref();
  }
}

/** Real time in epoch seconds, independent of the virtual clock: receivers compare it with their own clock. */
export function realSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
