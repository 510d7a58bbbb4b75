import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

// No sandbox, because root cannot start Chromium with one. No background requests to the network.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the Chromium of this machine. @throws when none is installed: browser tests are never skipped. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS });
}

function chromiumPath(): string {
  const { CHROMIUM_PATH } = process.env;
  const executable = CHROMIUM_PATH ? [CHROMIUM_PATH].find(existsSync) : USUAL_PATHS.find(existsSync);
  if (executable) return executable;
  const reason = CHROMIUM_PATH ? `CHROMIUM_PATH=${CHROMIUM_PATH} does not exist` : `none of ${USUAL_PATHS.join(', ')}`;
  throw new Error(`No Chromium found (${reason}). Install Chromium, or set CHROMIUM_PATH to its executable.`);
}
