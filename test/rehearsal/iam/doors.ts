// IAM in front of an emulator that has none. Every function has a door of its own to AWS: so it is known who calls, and
// what its role does not allow is refused there, in AWS's words, before the emulator hears of it.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { forward } from '../forward.ts';
import { accessesOf, LEADING_KEYS, type AwsRequest, type Place } from './accesses.ts';
import { isAllowed, type Access, type Statement } from './policy.ts';
import { signatureFault, type SessionKeys } from './signature.ts';

/** Something that a function was not allowed, and why. */
export interface Refusal {
  functionName: string;
  what: string;
}

export interface Passed extends Access {
  functionName: string;
}

export interface Doors {
  /** The address of AWS for each function. */
  addresses: Record<string, string>;
  /** What was let through: each access once, the values of its keys aside. */
  passed(): Passed[];
  refused: Refusal[];
}

export interface DoorsOptions extends Place {
  functionNames: string[];
  /** Until they are known, calls wait. */
  roles: Promise<Record<string, Statement[]>>;
  keys: SessionKeys;
  emulatorPort: number;
}

/** Opens the doors, on ports that are free. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const seen = new Map<string, Passed>();
  const refused: Refusal[] = [];
  const judge = async (functionName: string, request: AwsRequest): Promise<string | undefined> => {
    const fault = signatureFault(request, options.keys, Date.now());
    if (fault) return `a request is not accepted: ${fault}`;
    const statements = (await options.roles)[functionName] ?? [];
    for (const access of accessesOf(request, options)) {
      if (!isAllowed(statements, access)) return describe(access);
      for (const one of singly(access)) seen.set(`${functionName} ${describe(one)}`, { functionName, ...one });
    }
    return undefined;
  };
  const serve = async (functionName: string, incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = await buffer(incoming);
    const request = {
      method: incoming.method ?? '',
      target: incoming.url ?? '/',
      headers: incoming.headers as Record<string, string>,
      body,
    };
    const what = await judge(functionName, request).catch((error: unknown) => String(error));
    if (what === undefined) {
      return forward(incoming, outgoing, { port: options.emulatorPort, target: request.target, body });
    }
    refused.push({ functionName, what });
    return refuse(outgoing, request, `${functionName} is not authorized to perform: ${what}`);
  };
  const addresses = await Promise.all(
    options.functionNames.map(async (name) => {
      const server = createServer((incoming, outgoing) => {
        // A function that is ended in the middle of its request hears nothing.
        serve(name, incoming, outgoing).catch(() => outgoing.destroy());
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return { name, port: (server.address() as AddressInfo).port };
    }),
  );
  return {
    addresses: Object.fromEntries(addresses.map(({ name, port }) => [name, `http://127.0.0.1:${port}`])),
    passed: () => [...seen.values()],
    refused,
  };
}

/** One access for each key: what was used is counted by kinds of items. */
function singly({ context, ...access }: Access): Access[] {
  return context?.[LEADING_KEYS]?.map((key) => ({ ...access, context: { [LEADING_KEYS]: [key] } })) ?? [access];
}

function describe({ action, resource, context }: Access): string {
  const kinds = context?.[LEADING_KEYS]?.map((key) => key.replace(/#.*/s, '#…'));
  return `${action} on ${resource}${kinds ? ` (${kinds.join(', ')})` : ''}`;
}

/** In the form of the service's protocol, so that the SDK reads the error as it would. */
function refuse(outgoing: ServerResponse, { headers }: AwsRequest, message: string): void {
  if (headers['x-amz-target'] === undefined) {
    const body = `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
    outgoing.writeHead(403, { 'content-type': 'application/xml' }).end(body);
  } else {
    const error = { __type: 'com.amazonaws#AccessDeniedException', message };
    outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(error));
  }
}
