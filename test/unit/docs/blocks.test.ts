import { describe, expect, it } from 'vitest';
import { replaceBlocks } from '../../../infra/docs/blocks.ts';

const blocks = { colours: () => 'red', sizes: async () => 'large $& small' };
const block = (name: string, content: string) => `<!-- generated: ${name} -->\n${content}<!-- end -->\n`;

describe('replaceBlocks', () => {
  it('replaces the content of each block and keeps the text around it', async () => {
    const page = `# Page\n\n${block('colours', '\nblue\n\n')}\nbetween\n${block('sizes', '')}after\n`;
    expect(await replaceBlocks(page, blocks)).toBe(
      `# Page\n\n${block('colours', '\nred\n\n')}\nbetween\n${block('sizes', '\nlarge $& small\n\n')}after\n`,
    );
  });

  it('returns the same page when it is called twice', async () => {
    const once = await replaceBlocks(block('colours', ''), blocks);
    expect(await replaceBlocks(once, blocks)).toBe(once);
  });

  it.each(['shapes', 'toString'])('throws for the unknown block "%s" and lists the known blocks', async (name) => {
    await expect(replaceBlocks(block(name, ''), blocks)).rejects.toThrow(
      `No generator for the block "${name}"; there are: colours, sizes`,
    );
  });

  it.each([
    ['a start mark without an end', '<!-- generated: colours -->\nred\n'],
    ['an end mark without a start', `red\n<!-- end -->\n`],
    ['a block inside another one', `<!-- generated: colours -->\n${block('sizes', '')}<!-- end -->\n`],
  ])('throws for %s', async (_, page) => {
    await expect(replaceBlocks(page, blocks)).rejects.toThrow('A mark of a generated block has no partner');
  });
});
