// What the rehearsal hands to its tests: where everything is, and what was seen at the doors.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StackUrls } from '../support/stack.ts';
import type { Doors, Passed, Refusal } from './iam/doors.ts';
import { isAllowed, type Statement } from './iam/policy.ts';
import type { SessionKeys } from './iam/signature.ts';

/** As JSON in the variable REHEARSAL. */
export interface Rehearsal {
  stack: StackUrls;
  region: string;
  /** Of the deployed stack. */
  outputs: Record<string, string>;
  /** Answers with a `Verdict`. */
  verdict: string;
  /** The folder with the package. */
  packaged: string;
  linter: string;
  /** The address of AWS for each function, and the keys that all of them have. */
  doors: Record<string, string>;
  keys: SessionKeys;
}

export interface Verdict {
  /** What functions wanted to do, and may not. */
  refused: Refusal[];
  /** What AWS would do in a function's name, and may not. */
  refusedToServices: Passed[];
  passed: Passed[];
}

/** Serves what was seen so far. */
export async function serveVerdict(
  doors: Doors,
  { services, roles }: { services(): Promise<Passed[]>; roles: Record<string, Statement[]> },
): Promise<string> {
  const judge = async (): Promise<Verdict> => {
    return {
      refused: doors.refused,
      refusedToServices: (await services()).filter((access) => !isAllowed(roles[access.functionName] ?? [], access)),
      passed: doors.passed(),
    };
  };
  const server = createServer((_request, response) => {
    judge().then(
      (verdict) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(verdict)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
