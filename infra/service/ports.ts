import { once } from 'node:events';
import { createServer } from 'node:net';

interface PortUse {
  variable: string;
  standard: number;
  use: string;
}

const PORT_USES = {
  http: { variable: 'LOCAL_HTTP_PORT', standard: 3000, use: 'the HTTP API' },
  functionUrls: { variable: 'FUNCTION_URL_PORT', standard: 3001, use: 'the function URLs' },
  simulator: { variable: 'SIMULATOR_PORT', standard: 9000, use: 'the WeChat simulator' },
  dynamodb: { variable: 'DYNAMODB_PORT', standard: 8000, use: 'the DynamoDB engine' },
  aws: { variable: 'AWS_STANDINS_PORT', standard: 3003, use: 'the AWS stand-ins' },
  lambda: { variable: 'LAMBDA_PORT', standard: 3002, use: 'the Lambda invoke API' },
} satisfies Record<string, PortUse>;

export type PortName = keyof typeof PORT_USES;
export type Ports = Record<PortName, number>;

/** Reads the six ports: a variable, or the standard port. */
export function readPorts(env: NodeJS.ProcessEnv): Ports {
  const entries = Object.entries(PORT_USES).map(([name, { variable, standard }]) => {
    const port = Number(env[variable] || standard);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Error(`${variable}=${env[variable]} is not a port: it must be a number from 1 to 65535.`);
    }
    return [name, port];
  });
  return Object.fromEntries(entries) as Ports;
}

/** @throws when one of these ports is in use or has two uses, with the variable to set */
export async function assertPortsFree(ports: Ports, names: PortName[]): Promise<void> {
  for (const name of names) {
    const { variable, use } = PORT_USES[name];
    const rival = names.find((other) => other !== name && ports[other] === ports[name]);
    if (rival || !(await isPortFree(ports[name]))) {
      const by = rival ? `also set for ${PORT_USES[rival].use}` : 'in use';
      throw new Error(
        `Port ${ports[name]}, for ${use}, is ${by}. Free it, or choose another: ${variable}=<port> npm start`,
      );
    }
  }
}

// On macOS a wildcard listener and a loopback listener may share a port, so each host is checked separately.
const HOSTS = [undefined, '127.0.0.1', '::1'];

/** Whether the port is free on every address of the machine. */
export async function isPortFree(port: number): Promise<boolean> {
  for (const host of HOSTS) {
    if ((await tryListen(port, host)) === 'EADDRINUSE') return false;
  }
  return true;
}

async function tryListen(port: number, host: string | undefined): Promise<string | undefined> {
  const server = createServer();
  try {
    await once(server.listen({ port, host }), 'listening');
    await once(server.close(), 'close');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}
