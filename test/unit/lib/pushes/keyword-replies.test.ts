import { describe, expect, it } from 'vitest';
import { plainText } from '../../../../lib/pushes/keyword-replies.ts';

describe('plainText', () => {
  it('leaves no character that opens a link, and no line break', () => {
    expect(plainText('<a href="x">点</a>\n确认')).toBe('＜a href="x"＞点＜/a＞ 确认');
  });
});
