// Compiles example code against the types of the generated clients.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typeOf } from '../../../infra/clients/typescript.ts';
import { buildOpenapi } from '../../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../../lib/http/openapi/endpoints.ts';
import { makeClients, PLATFORMS } from '../../support/clients.ts';

/** Correct and wrong uses of the client. An unused `@ts-expect-error` is an error, so each wrong use must fail. */
const USAGE = `
export async function shop(person: { code: string }) {
  let token: string | undefined;
  const client = createClient({ baseUrl: 'https://api.example.com', getToken: () => token, timeoutMs: 5_000 });
  const session: Session & { isNewUser: boolean } = await client.loginMiniapp(person);
  token = (await client.bindPhone({ code: 'x' })).token;
  await client.bindPhone({ encryptedData: 'x', iv: 'y' });
  await client.updateProfile({ nickname: 'x' });
  await client.updateProfile({ avatarUploadId: 'u' });
  await client.createQrLogin();
  await client.listOrders();
  const nothing: void = await client.logout();
  await client.logout({ everywhere: true });
  const { order, payment } = await client.prepay({ sku: 'coffee', tradeType: 'JSAPI', idempotencyKey: 'k' });
  const link: string = 'paySign' in payment ? payment.package : 'paySig' in payment ? payment.signData : 'codeUrl' in payment ? payment.codeUrl : payment.h5Url;
  const poll = await client.pollQrLogin({ ticket: 't', pollToken: 'p' });
  const next: string = poll.status === 'registered' ? poll.user.id : poll.status === 'unregistered' ? poll.registrationToken : '';
  const byCookie = await client.register({ registrationToken: 'r', cookie: '1' });
  const kept: string | undefined = byCookie.token;
  // @ts-expect-error the token may be in the cookie
  byCookie.token.length;
  // @ts-expect-error the only value of cookie is '1'
  await client.pollQrLogin({ ticket: 't', pollToken: 'p', cookie: 'yes' });
  const paidAt: string | null = order.paidAt;
  const state: 'to-ship' | 'shipped' | 'received' | 'settled' | undefined = order.shipping?.state;
  const parcels: string[] = (order.shipping?.parcels ?? []).map(({ carrier, trackingNo }) => carrier + trackingNo);
  const { items } = await client.getCatalog();
  const deliveries: Array<'express' | 'same-city' | 'virtual' | 'pickup'> = items.map(({ delivery }) => delivery);
  const step: number = items[0].stepFen ?? 1;
  await client.prepay({ sku: 'top-up', amountFen: 3 * step, tradeType: 'VIRTUAL' });
  try {
    await client.decideQrLogin({ ticket: 't', decision: 'confirm' });
  } catch (error) {
    if (error instanceof ApiError && error.code === 'TICKET_EXPIRED') console.log(error.status, error.requestId, error.retryAfterS);
    // @ts-expect-error unknown error code
    if (error instanceof ApiError && error.code === 'NO_SUCH_CODE') throw error;
  }
  // @ts-expect-error a field is missing
  await client.loginMiniapp({});
  // @ts-expect-error encryptedData requires iv
  await client.bindPhone({ encryptedData: 'x' });
  // @ts-expect-error at least one field is required
  await client.updateProfile({});
  // @ts-expect-error unknown trade type
  await client.prepay({ sku: 'coffee', tradeType: 'APP' });
  // @ts-expect-error unknown field
  await client.prepay({ sku: 'coffee', tradeType: 'JSAPI', price: 1 });
  // @ts-expect-error only a response with the status registered has a token
  poll.token;
  // @ts-expect-error a range alone has a step
  items[0].stepFen.toFixed();
  // @ts-expect-error only one member of the union has codeUrl
  payment.codeUrl;
  // @ts-expect-error a required header is missing
  await client.pollQrLogin({ ticket: 't' });
  // @ts-expect-error an order that WeChat does not ask to ship has no shipping
  order.shipping.state;
  // @ts-expect-error paidAt may be null
  order.paidAt.length;
  // @ts-expect-error the client has no method for the redirect of WeChat
  client.oauthCallback;
  // @ts-expect-error the client has no method for the file of an upload
  client.getUpload;
  // @ts-expect-error the client has no method for the health check
  client.getHealth;
  return { session, nothing, link, next, paidAt, kept, state, parcels, deliveries };
}
`;

const ONLY = {
  h5: `export const address: string = createClient({ baseUrl: '' }).authorizeUrl({ redirect: 'https://example.com' });
export const status = async (file: File): Promise<'checking' | 'passed'> =>
  (await createClient({ baseUrl: '' }).createUpload({ file })).status;`,
  miniprogram: `
// @ts-expect-error the client for mini-programs has no authorizeUrl
createClient({ baseUrl: '' }).authorizeUrl;
export const status = async (filePath: string): Promise<'checking' | 'passed'> =>
  (await createClient({ baseUrl: '' }).createUpload({ filePath })).status;
// @ts-expect-error a mini-program uploads by path
void createClient({ baseUrl: '' }).createUpload({ file: new Blob() });`,
};

const LANGUAGE = { h5: 'es2019', miniprogram: 'es2018' };

const TSC = resolve('node_modules/typescript/bin/tsc');
const OPTIONS =
  '--strict --noEmit --allowJs --target es2022 --lib es2022,dom --module esnext --moduleResolution bundler';

let made: Awaited<ReturnType<typeof makeClients>>;
beforeAll(async () => {
  made = await makeClients(buildOpenapi(ENDPOINTS));
});
afterAll(() => made.remove());

/** Compiles a file without any tsconfig. @returns the output of the compiler */
function compile(name: string, source: string): string {
  const file = join(made.folder, name);
  writeFileSync(file, source);
  const { stdout, stderr } = spawnSync(process.execPath, [TSC, ...OPTIONS.split(' '), file], {
    cwd: made.folder,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

describe.each(PLATFORMS)('the generated client for %s', (platform) => {
  it('accepts correct uses and rejects wrong uses at compile time', () => {
    const imports = `import { ApiError, createClient, type Session } from './wechat-lambda.${platform}';`;
    expect(compile('usage.ts', [imports, USAGE, ONLY[platform]].join('\n'))).toBe('');
  });

  it('has types that the compiler applies to plain JavaScript', () => {
    const requires = `const { createClient } = require('./wechat-lambda.${platform}');`;
    const wrong = '// @ts-expect-error baseUrl must be a string\ncreateClient({ baseUrl: 1 });';
    expect(compile('usage.js', ['// @ts-check', requires, wrong].join('\n'))).toBe('');
  });

  it('uses no syntax newer than its platform supports, and imports no module', () => {
    const source = readFileSync(join(made.folder, `wechat-lambda.${platform}.js`), 'utf8');
    expect(transformSync(source, { target: LANGUAGE[platform] }).code).toBe(
      transformSync(source, { target: 'esnext' }).code,
    );
    expect(source).not.toMatch(/^import |require\(/m);
  });
});

describe('npm run clients', () => {
  const generate = (...folder: string[]) =>
    spawnSync(process.execPath, ['infra/clients/generate.ts', ...folder], { encoding: 'utf8' });

  it('writes the files into the given folder and prints their paths', () => {
    const folder = join(made.folder, 'new', 'folder');
    const { status, stdout } = generate(folder);
    expect(status).toBe(0);
    const files = stdout.trim().split('\n');
    expect(files).toHaveLength(4);
    for (const file of files) {
      expect(readFileSync(file, 'utf8')).toBe(readFileSync(join(made.folder, basename(file)), 'utf8'));
    }
  });

  it('prints its usage and exits with 2 when no folder is given', () => {
    expect(generate()).toMatchObject({ status: 2, stderr: expect.stringContaining('npm run clients -- <folder>') });
  });
});

describe('typeOf', () => {
  it.each([
    [
      { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } }, required: ['a'] },
      '{ a: number; b?: string; }',
    ],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, 'Array<"a" | "b">'],
    [{ oneOf: [{ $ref: '#/components/schemas/User' }, { const: 1 }] }, 'User | 1'],
    [{ type: 'object', additionalProperties: {} }, 'Record<string, unknown>'],
  ] as const)('converts the schema %j to %s', (schema, type) => {
    expect(typeOf(structuredClone(schema) as object)).toBe(type);
  });

  it('throws a TypeError for an unsupported schema', () => {
    expect(() => typeOf({ not: {} })).toThrow(TypeError);
  });
});
