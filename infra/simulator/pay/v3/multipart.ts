import type { Call } from '../../http.ts';

/**
 * Returns the bytes of each field of a multipart form; an empty form for any other body. Reads bytes and not text, because
 * the signature of an upload covers one field byte for byte.
 */
export function readForm({ headers, body }: Call): Map<string, Buffer> {
  const [, quoted, plain] =
    /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(headers['content-type'] ?? '') ?? [];
  const boundary = quoted ?? plain;
  return new Map(boundary === undefined ? [] : partsOf(body, `\r\n--${boundary}`).flatMap(fieldOf));
}

function partsOf(body: Buffer, delimiter: string): Buffer[] {
  // The first delimiter has no line break before.
  const bytes = Buffer.concat([Buffer.from('\r\n'), body]);
  const starts: number[] = [];
  for (let at = bytes.indexOf(delimiter); at >= 0; at = bytes.indexOf(delimiter, at + delimiter.length))
    starts.push(at);
  return starts.slice(0, -1).map((start, index) => bytes.subarray(start + delimiter.length, starts[index + 1]));
}

function fieldOf(part: Buffer): [name: string, value: Buffer][] {
  const end = part.indexOf('\r\n\r\n');
  const [, name] = /^content-disposition: form-data;.*\bname="([^"]*)"/im.exec(part.subarray(0, end).toString()) ?? [];
  return end < 0 || name === undefined ? [] : [[name, part.subarray(end + 4)]];
}
