import { assert, constantFrom, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pictureType } from '../../../../lib/uploads/picture-type.ts';
import { GIF, JPEG, PNG } from '../../../support/pictures.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const changed = (file: Buffer, at: number, bytes: string) => {
  const copy = Buffer.from(file);
  hex(bytes).copy(copy, at);
  return copy;
};
const text = (content: string) => Buffer.from(content, 'latin1');

describe('pictureType', () => {
  it.each([
    ['PNG', PNG, 'image/png'],
    ['GIF89a', GIF, 'image/gif'],
    ['GIF87a', changed(GIF, 4, '37'), 'image/gif'],
    ['JPEG with JFIF', JPEG, 'image/jpeg'],
    ['progressive JPEG', hex('ffd8 ffc2 000b 08 0010 0010 01 011100'), 'image/jpeg'],
    ['JPEG with Exif and filler bytes', hex('ffd8 ffe1 0004 4578 ffff ffc0 000b 08 0010 0010 01 011100'), 'image/jpeg'],
    ['JPEG whose height follows later', hex('ffd8 ffc0 000b 08 0000 0010 01 011100'), 'image/jpeg'],
    ['PNG with appended data', Buffer.concat([PNG, text('<script>1</script>')]), 'image/png'],
  ])('recognises a %s', (_, file, type) => {
    expect(pictureType(file)).toBe(type);
  });

  it.each([
    ['an empty file', text('')],
    ['an SVG', text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['HTML', text('<!doctype html>')],
    ['HTML with the signature of a PNG later', Buffer.concat([text('<html>'), PNG])],
    ['a WebP', text('RIFF\x24\0\0\0WEBPVP8 ')],
    ['an AVIF', text('\0\0\0\x20ftypavif')],
    ['a HEIC', text('\0\0\0\x18ftypheic')],
    ['a BMP', text('BM\x3a\0\0\0\0\0\0\0\x36\0\0\0')],
    ['an ICO', hex('0000 0100 0100 1010 0000 0100')],
    ['a TIFF', text('II*\0')],
    ['a PDF', text('%PDF-1.7')],
    ['the signature of a PNG alone', PNG.subarray(0, 8)],
    ['a PNG that ends within its header', PNG.subarray(0, 32)],
    ['a PNG whose first chunk is not its header', changed(PNG, 12, '49444154')],
    ['a PNG without width', changed(PNG, 16, '00000000')],
    ['a PNG without height', changed(PNG, 20, '00000000')],
    ['a GIF of another version', changed(GIF, 4, '38')],
    ['a GIF that ends within its header', GIF.subarray(0, 12)],
    ['a GIF without width', changed(GIF, 6, '0000')],
    ['the signature of a JPEG alone', hex('ffd8 ffe0')],
    ['a JPEG without a frame', hex('ffd8 ffe0 0004 0000 ffd9')],
    ['a JPEG that ends within its frame', hex('ffd8 ffc0 000b 08 0010 00')],
    ['a JPEG without width', hex('ffd8 ffc0 000b 08 0010 0000 01 011100')],
    ['a JPEG with a Huffman table as its frame', hex('ffd8 ffc4 000b 08 0010 0010 01 011100')],
    ['a JPEG with a segment that is longer than the file', hex('ffd8 ffe0 ffff 0000')],
    ['text behind the start of a JPEG', Buffer.concat([hex('ffd8'), text('<script>')])],
  ])('does not recognise %s', (_, file) => {
    expect(pictureType(file)).toBeUndefined();
  });

  it('ends for every file that begins like a picture', () => {
    const begin = constantFrom(PNG.subarray(0, 16), GIF.subarray(0, 6), hex('ffd8'), hex('ffd8ff'));
    assert(
      property(begin, uint8Array({ maxLength: 200 }), (head, rest) => {
        expect([undefined, 'image/jpeg', 'image/png', 'image/gif']).toContain(pictureType(Buffer.concat([head, rest])));
      }),
    );
  });
});
