// Puts IAM in front of the emulator, which does not check permissions. Each function calls AWS through its own proxy, so
// the proxy can identify the caller. It denies a call that the role of the function does not allow, with AWS's own error.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { forward } from '../forward.ts';
import { accessesOf, LEADING_KEYS, type AwsRequest, type Place } from './accesses.ts';
import { isAllowed, type Access, type Statement } from './policy.ts';
import { signatureFault, type SessionKeys } from './signature.ts';

/** A denied call of a function and the reason. */
export interface Denial {
  functionName: string;
  reason: string;
}

/** An access of a function, or of Lambda with the function's role. */
export interface FunctionAccess extends Access {
  functionName: string;
}

export interface IamProxies {
  /** The proxy of each function, which the function uses as the address of AWS. */
  addresses: Record<string, string>;
  /** Lists the allowed accesses. Accesses that differ only in the values of their keys are listed once. */
  allowed(): FunctionAccess[];
  denied: Denial[];
}

export interface IamProxyOptions extends Place {
  functionNames: string[];
  /** Calls wait until the roles are read. */
  roles: Promise<Record<string, Statement[]>>;
  keys: SessionKeys;
  emulatorPort: number;
}

/** Starts one proxy per function on free ports. */
export async function startIamProxies(options: IamProxyOptions): Promise<IamProxies> {
  const allowed = new Map<string, FunctionAccess>();
  const denied: Denial[] = [];
  /** Returns the reason for a denial, or undefined for an allowed request. */
  const evaluate = async (functionName: string, request: AwsRequest): Promise<string | undefined> => {
    const fault = signatureFault(request, options.keys, Date.now());
    if (fault) return `a request without a valid signature (${fault})`;
    const statements = (await options.roles)[functionName] ?? [];
    for (const access of accessesOf(request, options)) {
      if (!isAllowed(statements, access)) return describe(access);
      for (const single of splitKeys(access)) {
        allowed.set(`${functionName} ${describe(single)}`, { functionName, ...single });
      }
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
    const reason = await evaluate(functionName, request).catch((error: unknown) => String(error));
    if (reason === undefined) {
      return forward(incoming, outgoing, { port: options.emulatorPort, target: request.target, body });
    }
    denied.push({ functionName, reason });
    return deny(outgoing, request, `${functionName} is not authorized to perform: ${reason}`);
  };
  const addresses = await Promise.all(
    options.functionNames.map(async (name) => {
      const server = createServer((incoming, outgoing) => {
        // A function that ended during its request has closed the connection.
        serve(name, incoming, outgoing).catch(() => outgoing.destroy());
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return { name, port: (server.address() as AddressInfo).port };
    }),
  );
  return {
    addresses: Object.fromEntries(addresses.map(({ name, port }) => [name, `http://127.0.0.1:${port}`])),
    allowed: () => [...allowed.values()],
    denied,
  };
}

/** Splits an access into one per key, because usage is recorded per kind of item. */
function splitKeys({ context, ...access }: Access): Access[] {
  return context?.[LEADING_KEYS]?.map((key) => ({ ...access, context: { [LEADING_KEYS]: [key] } })) ?? [access];
}

function describe({ action, resource, context }: Access): string {
  const kinds = context?.[LEADING_KEYS]?.map((key) => key.replace(/#.*/s, '#…'));
  return `${action} on ${resource}${kinds ? ` (${kinds.join(', ')})` : ''}`;
}

/** Sends AccessDenied in the protocol of the service, so that the SDK parses it. */
function deny(outgoing: ServerResponse, { headers }: AwsRequest, message: string): void {
  if (headers['x-amz-target'] === undefined) {
    const body = `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
    outgoing.writeHead(403, { 'content-type': 'application/xml' }).end(body);
  } else {
    const error = { __type: 'com.amazonaws#AccessDeniedException', message };
    outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(error));
  }
}
