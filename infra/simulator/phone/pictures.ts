// Small valid pictures of one random colour, so that no two have the same bytes.
import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

export const PICTURES = { jpeg, png, gif };

const pngSide = 64;

/** A picture of 64 x 64 pixels. */
function png(): Buffer {
  const colour = randomBytes(3);
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: pngSide }, () => colour)]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pngSide, 0);
  header.writeUInt32BE(pngSide, 4);
  // 8 bits for each of red, green and blue.
  header.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: pngSide }, () => row)))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, checksum]);
}

/** A picture of one pixel: a palette of two colours, and the compressed index of the first. */
function gif(): Buffer {
  return Buffer.concat([
    Buffer.from('GIF89a'),
    Buffer.from('01000100800000', 'hex'),
    randomBytes(6),
    Buffer.from('2c000000000100010000', 'hex'),
    Buffer.from('02024401003b', 'hex'),
  ]);
}

/** A baseline picture of 8 x 8 pixels: one block with a mean value for each of luminance, blue and red. */
function jpeg(): Buffer {
  const bits = [...randomBytes(3)].map(blockOf).join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const bytes = (padded.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2));
  return Buffer.concat([
    Buffer.from('ffd8', 'hex'),
    jpegSegment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 8)])),
    jpegSegment(0xc0, Buffer.from('080008000803011100021100031100', 'hex')),
    // The mean values have the categories 0 to 8, in codes of four bits.
    jpegSegment(0xc4, Buffer.from(`00${codeLengths({ 4: 9 })}000102030405060708`, 'hex')),
    // All other values are absent: the only code ends the block.
    jpegSegment(0xc4, Buffer.from(`10${codeLengths({ 1: 1 })}00`, 'hex')),
    jpegSegment(0xda, Buffer.from('03010002000300003f00', 'hex')),
    // A zero follows each 0xff, so that no marker is read there.
    Buffer.from(bytes.flatMap((byte) => (byte === 0xff ? [byte, 0] : [byte]))),
    Buffer.from('ffd9', 'hex'),
  ]);
}

/** The bits of one block: the category of the mean value, the value, and the end of the block. */
function blockOf(level: number): string {
  const value = level - 128;
  const category = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1;
  const amplitude = value < 0 ? value + 2 ** category - 1 : value;
  const digits = category === 0 ? '' : amplitude.toString(2).padStart(category, '0');
  return `${category.toString(2).padStart(4, '0')}${digits}0`;
}

function jpegSegment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

/** The numbers of codes with 1 to 16 bits, in hex. */
function codeLengths(counts: Record<number, number>): string {
  return Array.from({ length: 16 }, (_, index) => String(counts[index + 1] ?? 0).padStart(2, '0')).join('');
}
