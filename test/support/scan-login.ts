// Scan login with a code of the official account, one flow after the other. `official-world.ts` sends real pushes.
import type { PushDeps } from '../../lib/official-account/answer-push.ts';
import { tapChoice } from '../../lib/scan-login/choose.ts';
import { recordScan } from '../../lib/scan-login/record-scan.ts';
import type { ChatChoice } from '../../lib/scan-login/ticket.ts';

/** The page that requests the codes of the tests. */
export const ASKER = { address: '203.0.113.7', browser: 'Chrome · Windows', place: '上海' };

export interface ScanFacts {
  ticket: string;
  openId: string;
  appId?: string;
  atS?: number;
  pushId?: string;
  isFollow?: boolean;
}

/** Returns the scans and taps of users, for the dependencies of `official-events`. */
export function chatOf(deps: PushDeps) {
  const { appId } = deps;
  const scan = ({ atS = 1, pushId = 'p-1', isFollow = false, ...facts }: ScanFacts) =>
    recordScan(deps, { appId, ...facts, atS, pushId, isFollow });
  const tap = (choice: ChatChoice, { ticket, openId }: { ticket: string; openId: string }) =>
    tapChoice(deps, { appId, openId, ticket, choice });
  return {
    scan,
    tap,
    /** Scans a code and confirms the login. */
    logIn: async (facts: ScanFacts) => {
      const { moved } = await scan(facts);
      await tap('confirm', facts);
      return moved;
    },
  };
}
