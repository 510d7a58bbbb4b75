import { describe, expect, it } from 'vitest';
import { pictureType } from '../../../../lib/uploads/picture-type.ts';
import { GIF, JPEG, PNG } from '../../../support/pictures.ts';

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const text = (content: string) => Buffer.from(content.padEnd(40), 'latin1');

describe('pictureType', () => {
  it.each([
    ['PNG', PNG, 'image/png'],
    ['GIF89a', GIF, 'image/gif'],
    ['GIF87a', Buffer.concat([Buffer.from('GIF87a'), GIF.subarray(6)]), 'image/gif'],
    ['JPEG with JFIF', JPEG, 'image/jpeg'],
    ['JPEG with Exif', hex('ffd8 ffe1 0004 4578 ffff ffc0 000b 08 0010 0010 01 011100'), 'image/jpeg'],
    ['JPEG without an application segment', hex('ffd8 ffdb 0043 00 01010101010101'), 'image/jpeg'],
    ['PNG with appended data', Buffer.concat([PNG, text('<script>1</script>')]), 'image/png'],
  ])('recognises a %s', (_, file, type) => {
    expect(pictureType(file)).toBe(type);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['an SVG', text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['HTML', text('<!doctype html>')],
    ['HTML with the signature of a PNG later', Buffer.concat([text('<html>'), PNG])],
    ['a text', text('GIF is a format of pictures')],
    ['a WebP', text('RIFF\x24\0\0\0WEBPVP8 ')],
    ['an AVIF', text('\0\0\0\x20ftypavif')],
    ['a HEIC', text('\0\0\0\x18ftypheic')],
    ['a BMP', text('BM\x3a\0\0\0\0\0\0\0\x36\0\0\0')],
    ['an ICO', text('\0\0\x01\0\x01\0\x10\x10\0\0\x01\0')],
    ['a TIFF', text('II*\0')],
    ['a PDF', text('%PDF-1.7')],
    ['a GIF of another version', text('GIF88a')],
    ['a PNG whose line end was converted', Buffer.concat([hex('89504e470a1a0a'), PNG.subarray(8)])],
    ['text behind the start of a JPEG', Buffer.concat([hex('ffd8'), text('<script>')])],
    ['the signature of a JPEG alone', hex('ffd8ffe0')],
    ['the signature of a PNG alone', PNG.subarray(0, 8)],
    ['a GIF that ends within its header', GIF.subarray(0, 12)],
  ])('does not recognise %s', (_, file) => {
    expect(pictureType(file)).toBeUndefined();
  });
});
