// Provides the tests of a rehearsal with its addresses and with the calls that the IAM proxies recorded.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StackUrls } from '../support/stack.ts';
import type { Denial, FunctionAccess, IamProxies } from './iam/proxies.ts';
import { isAllowed, type Statement } from './iam/policy.ts';
import type { SessionKeys } from './iam/signature.ts';

/** The variable REHEARSAL contains this object as JSON. */
export interface Rehearsal {
  stack: StackUrls;
  region: string;
  /** The outputs of the deployed stack. */
  outputs: Record<string, string>;
  /** The address that returns a `Verdict`. */
  verdict: string;
  /** The folder with the package. */
  packaged: string;
  linter: string;
  /** The IAM proxy of each function, and the keys that all functions share. */
  proxies: Record<string, string>;
  keys: SessionKeys;
}

export interface Verdict {
  /** Calls of functions that their roles do not allow. */
  denied: Denial[];
  /** Accesses of Lambda that the role of a function does not allow. */
  deniedToServices: FunctionAccess[];
  allowed: FunctionAccess[];
}

/** Serves the accesses that are recorded so far. @returns the address */
export async function serveVerdict(
  proxies: IamProxies,
  { services, roles }: { services(): Promise<FunctionAccess[]>; roles: Record<string, Statement[]> },
): Promise<string> {
  const readVerdict = async (): Promise<Verdict> => {
    return {
      denied: proxies.denied,
      deniedToServices: (await services()).filter((access) => !isAllowed(roles[access.functionName] ?? [], access)),
      allowed: proxies.allowed(),
    };
  };
  const server = createServer((_request, response) => {
    readVerdict().then(
      (verdict) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(verdict)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
