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

// Without a sandbox, so that root can run it, and with nothing that speaks to the network by itself.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the Chromium of this machine. @throws if there is none: a browser test is never skipped. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS });
}

function chromiumPath(): string {
  const { CHROMIUM_PATH } = process.env;
  const found = CHROMIUM_PATH ? [CHROMIUM_PATH].find(existsSync) : USUAL_PATHS.find(existsSync);
  if (found) return found;
  const looked = CHROMIUM_PATH ? `CHROMIUM_PATH=${CHROMIUM_PATH} is no file` : `none of ${USUAL_PATHS.join(', ')}`;
  throw new Error(`No Chromium (${looked}). Install one, or set CHROMIUM_PATH to its executable.`);
}
