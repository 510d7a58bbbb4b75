/** Renders the Markdown of one block. */
export type RenderBlock = () => string | Promise<string>;

const BLOCK = /^<!-- generated: (\S+) -->$[\s\S]*?^<!-- end -->$/gm;
const MARK = /^<!-- (?:generated: \S+|end) -->$/gm;

/**
 * Replaces the content of each block `<!-- generated: name --> … <!-- end -->` of a page.
 * @throws Error for an unknown name, a start mark without an end, or an end mark without a start
 */
export async function replaceBlocks(page: string, blocks: Record<string, RenderBlock>): Promise<string> {
  const names = [...page.matchAll(BLOCK)].map(([, name]) => name!);
  if ([...page.matchAll(MARK)].length !== 2 * names.length)
    throw new Error('A mark of a generated block has no partner');
  const rendered = new Map<string, string>();
  for (const name of names) {
    const render = Object.hasOwn(blocks, name) ? blocks[name] : undefined;
    if (!render) throw new Error(`No generator for the block "${name}"; there are: ${Object.keys(blocks).join(', ')}`);
    rendered.set(name, await render());
  }
  return page.replaceAll(BLOCK, (_, name: string) => {
    return `<!-- generated: ${name} -->\n\n${rendered.get(name)!}\n\n<!-- end -->`;
  });
}
