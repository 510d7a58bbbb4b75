// Small pictures, and multipart bodies as the runtimes send them.

/** A PNG of one transparent pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
/** A GIF of one pixel. */
export const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
/** The header of a JPEG of 16 by 16 pixels: SOI, APP0, a quantisation table and the frame. */
export const JPEG = Buffer.from(
  `ffd8ffe000104a46494600010100000100010000ffdb0043${'00'.repeat(65)}ffc0000b080010001001011100ffd9`,
  'hex',
);

const BOUNDARY = '----WebKitFormBoundaryTest0000000001';

/** Returns a PNG with a comment that makes it different from others. */
export function distinctPng(text: string): Buffer {
  return Buffer.concat([PNG, Buffer.from(text)]);
}

export interface Part {
  headers: string;
  content: Buffer | string;
}

/** Returns a file part with the headers of `wx.uploadFile` and of browsers. */
export function filePart(
  content: Buffer | string,
  { name = 'file', filename = 'a.png', type = 'image/png' } = {},
): Part {
  return {
    headers: `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}`,
    content,
  };
}

/** Builds a multipart body of these parts. */
export function multipart(...parts: Part[]): { contentType: string; bytes: Buffer } {
  const encoded = parts.map(({ headers, content }) =>
    Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n${headers}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]),
  );
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    bytes: Buffer.concat([...encoded, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}
