import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPortFree } from '../../infra/service/ports.ts';
import { api } from '../support/client.ts';
import { findFreePorts } from '../support/ports.ts';
import { portVariables, runStart, startStack, type Stack, type StackUrls } from '../support/stack.ts';

const takenPorts = async ({ ports }: Stack) => {
  const free = await Promise.all(ports.map(isPortFree));
  return ports.filter((_port, index) => !free[index]);
};
const OP = fileURLToPath(new URL('../../infra/ops/op.ts', import.meta.url));

const runOp = ({ lambda }: Pick<StackUrls, 'lambda'>, ...words: string[]) =>
  spawnSync(process.execPath, [OP, ...words], {
    encoding: 'utf8',
    env: { ...process.env, LAMBDA_PORT: String(portOf(lambda)) },
  });
const portOf = (url: string) => Number(new URL(url).port);

/** Every process that this one has started, at any depth. */
function descendants(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const rows = table.map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child as number, ...below(child as number)]);
  return below(pid);
}

const isAlive = (pid: number) => {
  const state = execFileSync('sh', ['-c', `ps -o stat= -p ${pid} || true`], { encoding: 'utf8' });
  return state !== '' && !state.startsWith('Z');
};

describe('a running local stack', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
    console.log(`ready after ${stack.startedInMs} ms`);
  });
  afterAll(() => stack.stop());

  it('is ready, and says where', () => {
    expect(stack.output()).toContain(`ready ${stack.http}\n`);
    expect(stack.output()).toContain(stack.functionUrls);
  });

  it.each(['localhost', '127.0.0.1'])('answers the HTTP API on %s', async (host) => {
    const baseUrl = `http://${host}:${portOf(stack.http)}`;
    expect(await api('GET', '/health', { baseUrl })).toMatchObject({ status: 200 });
  });

  it('reaches a function through its function URL', async () => {
    const response = await fetch(`${stack.functionUrls}/official-events?echostr=1`);
    expect(response.status).not.toBe(404);
    expect(response.status).toBeLessThan(500);
  });

  it('names the function URLs there are when asked for another', async () => {
    const response = await fetch(`${stack.functionUrls}/no-such-function`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('/official-events');
  });

  it('keeps what is put into a bucket where a person finds it', async () => {
    const key = `e2e-${crypto.randomUUID()}.json`;
    const response = await fetch(`${stack.aws}/bills/${key}`, { method: 'PUT', body: '{}' });
    expect(response.status).toBe(200);
    expect(await readFile(`.local/bills/${key}`, 'utf8')).toBe('{}');
    await rm(`.local/bills/${key}`);
  });

  it('refuses a second stack on a port of the first, naming port, use and variable', async () => {
    const port = portOf(stack.functionUrls);
    const { exited, output } = runStart({ LOCAL_HTTP_PORT: String(port) });
    expect(await exited).toBe(1);
    expect(output()).toMatch(new RegExp(`^Port ${port}, for the HTTP API, .*LOCAL_HTTP_PORT`));
  });

  it('calls an operator function by npm run op', () => {
    const item = { sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 900 };
    const { status, stdout } = runOp(stack, 'catalog-put', JSON.stringify({ items: [item] }));
    expect(status).toBe(0);
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
  });

  it.each([
    ['catalog-put', '{', 2, 'Not JSON'],
    ['health', '{}', 2, 'catalog-put'],
    ['', '{}', 2, 'Usage'],
  ])('refuses npm run op -- %s %s', (name, json, code, text) => {
    const { status, stderr } = runOp(stack, name, json);
    expect(status).toBe(code);
    expect(stderr).toContain(text);
  });

  it('says that no stack runs, if none does', () => {
    const { status, stderr } = runOp({ lambda: 'http://localhost:1' }, 'catalog-put', '{}');
    expect(status).toBe(1);
    expect(stderr).toContain('npm start');
  });
});

describe('the end of a local stack', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('leaves no process and no port behind after %s', async (signal) => {
    const stack = await startStack();
    const children = descendants(stack.pid);
    expect(children.length).toBeGreaterThan(1);
    expect(await stack.stop(signal)).toBe(0);
    // What was killed is there until somebody has taken note of it.
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
    expect(await takenPorts(stack)).toEqual([]);
  });

  it('is no end for good: it starts again on the same ports', async () => {
    const first = await startStack();
    await first.stop();
    const second = await startStack({}, first.ports);
    expect(await api('GET', '/health', { baseUrl: second.http })).toMatchObject({ status: 200 });
    expect(await second.stop()).toBe(0);
  });

  it('comes as soon, if the stack is still starting', async () => {
    const ports = await findFreePorts(6);
    const { child, exited, output } = runStart(portVariables(ports));
    await expect.poll(output, { timeout: 40_000 }).toContain('functions');
    const children = descendants(child.pid as number);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output()).not.toContain('ready');
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
  });

  it('ends the others and says which one, if a child dies', async () => {
    const stack = await startStack();
    const engine = execFileSync('pgrep', ['-f', `dynoxide.*--port ${portOf(stack.dynamodb)}`], { encoding: 'utf8' });
    process.kill(Number(engine.trim().split('\n')[0]), 'SIGKILL');
    await expect.poll(() => stack.output()).toContain('the DynamoDB engine ended unexpectedly');
    expect(await stack.stop()).toBe(1);
    expect(await takenPorts(stack)).toEqual([]);
  });

  it('takes the children along when it is killed outright', async () => {
    const stack = await startStack();
    const children = descendants(stack.pid);
    await stack.stop('SIGKILL');
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
    expect(await takenPorts(stack)).toEqual([]);
  });

  it('leaves a port alone that it does not need', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    const elsewhere = 'http://localhost:1';
    const stack = await startStack({
      SIMULATOR_PORT: taken,
      WECHAT_API_BASE_URL: elsewhere,
      WECHAT_PAY_BASE_URL: elsewhere,
    });
    expect(await stack.stop()).toBe(0);
    other.close();
  });
});
