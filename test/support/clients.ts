// Generates the typed clients from an OpenAPI document and loads them into their runtimes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { writeClients } from '../../infra/clients/render.ts';
import type { OpenapiDocument } from '../../lib/http/openapi/types.ts';
import { wx } from './wx.ts';

// The types of a client are generated at run time, so tests cannot be compiled against them.
// oxlint-disable-next-line typescript/no-explicit-any
type Client = Record<string, (...parameters: any[]) => any>;

export interface ClientModule {
  createClient(options: { baseUrl: string; getToken?: () => string | undefined; timeoutMs?: number }): Client;
  ApiError: new () => Error;
}

export const PLATFORMS = ['h5', 'miniprogram'] as const;

/** Writes both clients into a temporary folder. `remove` deletes the folder. */
export async function makeClients(document: OpenapiDocument) {
  const folder = mkdtempSync(join(tmpdir(), 'wechat-lambda-clients-'));
  await writeClients(document, folder);
  const load = {
    h5: async () =>
      (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'wechat-lambda.h5.js')).href)) as ClientModule,
    miniprogram: async () => loadMiniprogram(join(folder, 'wechat-lambda.miniprogram.js')),
  };
  /** Returns the argument of an upload with these bytes. */
  const fileArgument = {
    h5: (bytes: Buffer) => ({ file: new Blob([new Uint8Array(bytes)]) }),
    miniprogram: (bytes: Buffer) => {
      const filePath = join(folder, 'tmp_picture.png');
      writeFileSync(filePath, bytes);
      return { filePath };
    },
  };
  return { folder, load, fileArgument, remove: () => rmSync(folder, { recursive: true }) };
}

/** Loads a client into a context that has only JavaScript, `wx` and `module`, like a mini-program. */
function loadMiniprogram(file: string): ClientModule {
  const module = { exports: {} };
  runInContext(readFileSync(file, 'utf8'), createContext({ wx, module }), { filename: file });
  return module.exports as ClientModule;
}
