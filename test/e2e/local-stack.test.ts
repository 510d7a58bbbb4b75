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

/** The official account of a stack whose simulator a test calls as WeChat's API. */
const OFFICIAL = { appid: 'wx10ca1000000000b3', secret: '0123456789abcdef0123456789abcdef' };

/** Returns the descendants of a process at any depth. */
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

describe('running local stack', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ OFFICIAL_APP_ID: OFFICIAL.appid, OFFICIAL_APP_SECRET: OFFICIAL.secret });
    console.log(`ready after ${stack.startedInMs} ms`);
  });
  afterAll(() => stack.stop());

  it('prints its URLs when it is ready', () => {
    expect(stack.output()).toContain(`ready ${stack.http}\n`);
    expect(stack.output()).toContain(stack.functionUrls);
  });

  it.each(['localhost', '127.0.0.1'])('answers the HTTP API on %s', async (host) => {
    const baseUrl = `http://${host}:${portOf(stack.http)}`;
    expect(await api('GET', '/health', { baseUrl })).toMatchObject({ status: 200 });
  });

  it('routes a function URL to its function', async () => {
    const response = await fetch(`${stack.functionUrls}/official-events?echostr=1`);
    expect(response.status).not.toBe(404);
    expect(response.status).toBeLessThan(500);
  });

  it('lists the function URLs in the 404 for an unknown function', async () => {
    const response = await fetch(`${stack.functionUrls}/no-such-function`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('/official-events');
  });

  it('publishes the scan of a channel code on the event bus, and answers the user once', async () => {
    const simulator = async (path: string, body: object) => {
      const response = await fetch(stack.simulator + path, { method: 'POST', body: JSON.stringify(body) });
      return (await response.json()) as Record<string, string>;
    };
    const { access_token: token } = await simulator('/cgi-bin/stable_token', {
      grant_type: 'client_credential',
      ...OFFICIAL,
    });
    const scene = { action_name: 'QR_LIMIT_SCENE', action_info: { scene: { scene_id: 12 } } };
    const { url: content } = await simulator(`/cgi-bin/qrcode/create?access_token=${token}`, scene);
    const { id } = await simulator('/_phone/users', {});
    const act = (action: string, body: object = {}) => simulator(`/_phone/users/${id}/${action}`, body);
    const followed = { status: 200, reply: { content: expect.stringContaining('欢迎关注') as string } };
    expect(await act('scan', { content })).toMatchObject({ kind: 'subscribe', push: followed });
    expect(await act('scan', { content })).toMatchObject({ kind: 'scan', push: { status: 200, body: 'success' } });
    await act('resend', { last: 2 });
    await act('unfollow');
    const names = () =>
      [...stack.output().matchAll(/"events\.published","names":(\[.*?\])/g)].flatMap(([, list]) => {
        return (JSON.parse(list!) as string[]).filter((name) => name.startsWith('official-account.'));
      });
    await expect.poll(names).toContain('official-account.unsubscribed');
    await expect
      .poll(() => names().toSorted())
      .toEqual([
        'official-account.scene-scanned',
        'official-account.scene-scanned',
        'official-account.subscribed',
        'official-account.unsubscribed',
      ]);
  });

  it('stores a bucket object as a file below .local', async () => {
    const key = `e2e-${crypto.randomUUID()}.json`;
    const response = await fetch(`${stack.aws}/bills/${key}`, { method: 'PUT', body: '{}' });
    expect(response.status).toBe(200);
    expect(await readFile(`.local/bills/${key}`, 'utf8')).toBe('{}');
    await rm(`.local/bills/${key}`);
  });

  it('stops a second stack on a taken port with the port, its use and its variable', async () => {
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
  ])('rejects npm run op with the arguments %j %j', (name, json, code, text) => {
    const { status, stderr } = runOp(stack, name, json);
    expect(status).toBe(code);
    expect(stderr).toContain(text);
  });

  it('suggests npm start when npm run op finds no stack', () => {
    const { status, stderr } = runOp({ lambda: 'http://localhost:1' }, 'catalog-put', '{}');
    expect(status).toBe(1);
    expect(stderr).toContain('npm start');
  });
});

describe('end of a local stack', () => {
  // Each stack uses the ports of the one before.
  let firstPorts: number[] | undefined;
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'leaves no process and no port behind after %s, and the next stack can use the ports',
    async (signal) => {
      const stack = await startStack({}, firstPorts);
      expect(await api('GET', '/health', { baseUrl: stack.http })).toMatchObject({ status: 200 });
      firstPorts = stack.ports;
      const children = descendants(stack.pid);
      expect(children.length).toBeGreaterThan(1);
      expect(await stack.stop(signal)).toBe(0);
      // A killed process exists until its parent has reaped it.
      await expect.poll(() => children.filter(isAlive)).toEqual([]);
      expect(await takenPorts(stack)).toEqual([]);
    },
  );

  it('leaves no process behind when the stack is still starting', async () => {
    const ports = await findFreePorts(6);
    const { child, exited, output } = runStart(portVariables(ports));
    await expect.poll(output, { timeout: 40_000 }).toContain('functions');
    const children = descendants(child.pid as number);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output()).not.toContain('ready');
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
  });

  it('stops every child process and names the child process that ended', async () => {
    const stack = await startStack();
    const engine = execFileSync('pgrep', ['-f', `dynoxide.*--port ${portOf(stack.dynamodb)}`], { encoding: 'utf8' });
    process.kill(Number(engine.trim().split('\n')[0]), 'SIGKILL');
    await expect.poll(() => stack.output()).toContain('the DynamoDB engine ended unexpectedly');
    expect(await stack.stop()).toBe(1);
    expect(await takenPorts(stack)).toEqual([]);
  });

  it('ends the children of a stack that is killed with SIGKILL', async () => {
    const stack = await startStack();
    const children = descendants(stack.pid);
    await stack.stop('SIGKILL');
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
    expect(await takenPorts(stack)).toEqual([]);
  });

  it('ignores a taken SIMULATOR_PORT when WeChat is elsewhere', async () => {
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
