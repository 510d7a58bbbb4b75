import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { assertPortsFree, isPortFree, readPorts } from '../../../infra/service/ports.ts';

const STANDARD = { http: 3000, functionUrls: 3001, simulator: 9000, dynamodb: 8000, aws: 3003, lambda: 3002 };

describe('a port of the local stack', () => {
  it('is the standard one without a variable', () => {
    expect(readPorts({})).toEqual(STANDARD);
    expect(readPorts({ LAMBDA_PORT: '4002', DYNAMODB_PORT: '' })).toEqual({ ...STANDARD, lambda: 4002 });
  });

  it.each(['x', '-1', '70000', '1.5'])('cannot be %s', (value) => {
    expect(() => readPorts({ SIMULATOR_PORT: value })).toThrow('SIMULATOR_PORT');
  });

  it('must differ from the other ports', async () => {
    await expect(assertPortsFree({ ...STANDARD, http: 3001 }, ['http', 'functionUrls'])).rejects.toThrow(
      /^Port 3001, for the HTTP API, is also set for the function URLs/,
    );
  });

  it.each(['127.0.0.1', '0.0.0.0'])('is in use when a server listens on %s', async (host) => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await isPortFree(port)).toBe(false);
    await expect(assertPortsFree({ ...STANDARD, simulator: port }, ['simulator'])).rejects.toThrow(
      `Port ${port}, for the WeChat simulator, is in use. Free it, or choose another: SIMULATOR_PORT=<port> npm start`,
    );
    await once(server.close(), 'close');
    expect(await isPortFree(port)).toBe(true);
  });
});
