import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { AppError } from '../core/errors.ts';
import type { MultipartBody } from './endpoint.ts';

/** Parts other than the file are ignored, so their limits only end the parsing of a body that is no upload. */
const LIMITS = { fields: 100, parts: 100, fieldSize: 64 * 1024, headerPairs: 100 };

/**
 * Reads the one file of a multipart body, as `wx.uploadFile` and `FormData` send it. The name of its field is free; the
 * file name, the declared type and all other fields are ignored.
 * @throws PARAM_ERROR for a body that is not multipart or does not have exactly one file
 * @throws BODY_TOO_LARGE for a file of more than `maxBytes`
 * @see https://developers.weixin.qq.com/miniprogram/dev/api/network/upload/wx.uploadFile.html
 */
export async function readFilePart({ contentType, bytes }: MultipartBody, maxBytes: number): Promise<Buffer> {
  const files = await readFiles(contentType, bytes, maxBytes);
  const [file] = files;
  if (file === undefined) throw invalidBody('must have a file; use wx.uploadFile, or FormData with a File');
  if (files.length > 1) throw invalidBody('must have one file; upload each file by its own request');
  if (file.length > maxBytes) throw new AppError('BODY_TOO_LARGE', `The file must have at most ${maxBytes} bytes`);
  return file;
}

/** Reads at most two files, and of each file at most one byte more than `maxBytes`. */
function readFiles(contentType: string, bytes: Buffer, maxBytes: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(invalidBody('must be complete multipart/form-data', cause));
    if (!/^multipart\/form-data\s*;/i.test(contentType)) return fail(undefined);
    const files: Buffer[] = [];
    try {
      const headers: BusboyHeaders = { 'content-type': contentType };
      const parser = new Busboy({ headers, limits: { ...LIMITS, files: 2, fileSize: maxBytes + 1 } });
      parser.on('file', (_, stream) => {
        const chunks: Buffer[] = [];
        stream.on('error', fail);
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => files.push(Buffer.concat(chunks)));
      });
      parser.on('error', fail);
      parser.on('finish', () => resolve(files));
      parser.end(bytes);
    } catch (error) {
      // The constructor throws for a content type without a boundary.
      fail(error);
    }
  });
}

function invalidBody(expected: string, cause?: unknown): AppError {
  return new AppError('PARAM_ERROR', `body: ${expected}`, { detail: { field: 'body' }, cause });
}
