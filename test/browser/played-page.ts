// Starts a stack and a Chromium, and opens a fresh page for each test. Tests use the page by clicking, as users do.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { startStack, type Stack } from '../support/stack.ts';

export interface PlayedPage {
  readonly stack: Stack;
  readonly page: Page;
  readonly webPage: Locator;
  readonly phone: Locator;
  open(): Promise<void>;
  press(name: string | RegExp): Promise<void>;
  /** Returns the account id that a screen shows. */
  idOn(screen: Locator): Promise<string | null>;
  wire(): Promise<string | null>;
  /** Injects one fault into the simulator. */
  injectFault(target: string, action: string): Promise<void>;
  control(path: string, data: object): Promise<unknown>;
  /** Runs a command that the page shows. */
  run(command: string): Promise<void>;
  /**
   * Returns the console errors and unhandled rejections of the browser. A rejected call is a console error too: errors
   * with one of these statuses are expected and left out.
   */
  browserErrors(...statuses: number[]): string[];
}

/** Registers the hooks of a test file. @param env settings of the stack */
export function playPage(env: Record<string, string> = {}): PlayedPage {
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  let browserErrors: string[];

  beforeAll(async () => {
    browser = await launchChromium();
    stack = await startStack(env);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(15_000);
    browserErrors = [];
    page.on('console', (message) => message.type() === 'error' && browserErrors.push(message.text()));
    page.on('pageerror', (error) => browserErrors.push(String(error)));
  });
  afterEach(() => page.close());

  const control = async (path: string, data: object) => {
    const response = await page.request.post(stack.simulator + path, { data });
    if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`);
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  return {
    get stack() {
      return stack;
    },
    get page() {
      return page;
    },
    get webPage() {
      return page.locator('#web-page');
    },
    get phone() {
      return page.locator('#phone');
    },
    open: async () => {
      await page.goto(stack.simulator);
      await page.locator('#web-page img').waitFor();
    },
    press: (name) => page.getByRole('button', { name, exact: true }).click(),
    idOn: (screen) => screen.locator('dt:text-is("id") + dd').textContent(),
    wire: () => page.locator('#wire').textContent(),
    injectFault: async (target, action) => void (await control('/_faults', { target, action, times: 1 })),
    control,
    run: async (command) => {
      const variables = { ...process.env, LAMBDA_PORT: new URL(stack.lambda).port };
      await promisify(execFile)('bash', ['-c', command], { env: variables });
    },
    browserErrors: (...statuses) =>
      browserErrors.filter((text) => !statuses.some((status) => text.includes(`status of ${status}`))),
  };
}
