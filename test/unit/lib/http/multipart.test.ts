import { describe, expect, it } from 'vitest';
import { readFilePart } from '../../../../lib/http/multipart.ts';
import { filePart, multipart, PNG, type Part } from '../../../support/pictures.ts';

const MAX = 1_000;
const DISPOSITION = 'Content-Disposition: form-data; name="file"; filename="a.png"';
const TYPE = 'Content-Type: image/png';
const read = (...parts: Part[]) => readFilePart(multipart(...parts), MAX);
const withHeaders = (headers: string) => read({ headers, content: PNG });
/** Changes the body as text of single bytes. */
const changed = (change: (body: string) => string) => {
  const { contentType, bytes } = multipart(filePart(PNG));
  return readFilePart({ contentType, bytes: Buffer.from(change(bytes.toString('latin1')), 'latin1') }, MAX);
};
const named = (parameter: string, boundary: string) => {
  const { contentType, bytes } = multipart(filePart(PNG));
  const [, sent] = contentType.split('boundary=') as [string, string];
  return readFilePart({ contentType: `${parameter}${boundary.replace('B', sent)}`, bytes }, MAX);
};

describe('readFilePart', () => {
  it.each([
    ['the headers of a browser and of wx.uploadFile', `${DISPOSITION}\r\n${TYPE}`],
    ['a type before the disposition', `${TYPE}\r\n${DISPOSITION}`],
    ['lower-case headers', `${DISPOSITION}\r\n${TYPE}`.toLowerCase()],
    ['headers without spaces', `${DISPOSITION}\r\n${TYPE}`.replaceAll('; ', ';').replaceAll(': ', ':')],
    ['no type', DISPOSITION],
    [
      'the further headers of a mobile HTTP library',
      `${DISPOSITION}\r\n${TYPE}\r\nContent-Length: ${PNG.length}\r\nContent-Transfer-Encoding: binary\r\nX-Other: 1`,
    ],
    ['an unquoted file name', 'Content-Disposition: form-data; name="file"; filename=a.png'],
    ['an unquoted field name', 'Content-Disposition: form-data; name=file; filename="a.png"'],
    ['an empty field name', 'Content-Disposition: form-data; name=""; filename="a.png"'],
    ['an empty file name', 'Content-Disposition: form-data; name="file"; filename=""'],
    ['a file name in UTF-8', 'Content-Disposition: form-data; name="file"; filename="头像 🎈.png"'],
    ['a file name with an escaped quote', 'Content-Disposition: form-data; name="file"; filename="a\\"b.png"'],
    ['a file name that is a path', 'Content-Disposition: form-data; name="file"; filename="C:\\tmp\\..\\a.png"'],
    [
      'a long temporary name',
      `Content-Disposition: form-data; name="file"; filename="wx10ca.o6zAJs${'x'.repeat(300)}.png"`,
    ],
    ['an extended file name', 'Content-Disposition: form-data; name="file"; filename*=utf-8\'\'%E5%A4%B4.png'],
    [
      'both forms of the file name',
      'Content-Disposition: form-data; name="file"; filename="a.png"; filename*=utf-8\'\'%E5%A4%B4.png',
    ],
    [
      'no file name, but a binary type',
      'Content-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream',
    ],
  ])('reads the bytes of a part with %s', async (_, headers) => {
    expect((await withHeaders(headers)).equals(PNG)).toBe(true);
  });

  it.each([
    ['without the last line break', (body: string) => body.replace(/\r\n$/, '')],
    ['with a line break before the first boundary', (body: string) => `\r\n${body}`],
    ['with a preamble', (body: string) => `preamble\r\n${body}`],
    ['with an epilogue', (body: string) => `${body}epilogue`],
  ])('reads a body %s', async (_, change) => {
    expect((await changed(change)).equals(PNG)).toBe(true);
  });

  it.each([
    ['multipart/form-data; boundary=', '"B"'],
    ['multipart/form-data;boundary=', 'B'],
    ['Multipart/Form-Data; Boundary=', 'B'],
    ['multipart/form-data; charset=utf-8; boundary=', 'B'],
    ['multipart/form-data; boundary=', 'B; charset=utf-8'],
  ])('accepts the content type %s%s', async (type, boundary) => {
    expect((await named(type, boundary)).equals(PNG)).toBe(true);
  });

  it('keeps every byte, also line breaks and the beginning of a boundary', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const content = Buffer.concat([Buffer.from('\r\n------WebKitFormBoundaryTest\r\n--'), all, Buffer.from('\r\n')]);
    expect((await read(filePart(content))).equals(content)).toBe(true);
  });

  it('reads the file between other fields', async () => {
    const field = { headers: 'Content-Disposition: form-data; name="a[b]"', content: 'x'.repeat(5_000) };
    expect((await read(field, filePart(PNG), field)).equals(PNG)).toBe(true);
  });

  it('returns an empty buffer for an empty file', async () => {
    expect(await read(filePart(''))).toHaveLength(0);
  });

  it.each([
    ['no part', []],
    ['only fields', [{ headers: 'Content-Disposition: form-data; name="file"', content: 'a.png' }]],
    ['two files', [filePart(PNG), filePart(PNG, { name: 'other' })]],
    ['three files', [filePart(PNG), filePart(PNG), filePart(PNG)]],
  ])('rejects a body with %s', async (_, parts) => {
    await expect(read(...parts)).rejects.toMatchObject({ code: 'PARAM_ERROR', detail: { field: 'body' } });
  });

  it.each([
    ['that ends within the file', (body: string) => body.slice(0, 180)],
    ['that ends within the headers', (body: string) => body.slice(0, 60)],
    ['without the last boundary', (body: string) => body.slice(0, -45)],
    ['with bare line feeds', (body: string) => body.replaceAll('\r\n', '\n')],
    ['that is empty', () => ''],
    ['of another format', () => '{"file":"x"}'],
  ])('rejects a body %s', async (_, change) => {
    await expect(changed(change)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it.each([
    '',
    'application/json',
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/mixed; boundary=x',
  ])('rejects the content type "%s"', async (contentType) => {
    const { bytes } = multipart(filePart(PNG));
    await expect(readFilePart({ contentType, bytes }, MAX)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it('accepts a file of the maximum size and rejects a longer file', async () => {
    expect(await read(filePart(Buffer.alloc(MAX)))).toHaveLength(MAX);
    await expect(read(filePart(Buffer.alloc(MAX + 1)))).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  it('rejects two files even if one file is too large', async () => {
    await expect(read(filePart(Buffer.alloc(MAX + 1)), filePart(PNG))).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });
});
