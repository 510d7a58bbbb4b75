import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { replaceBlocks, type RenderBlock } from './blocks.ts';
import { errorsTable, wechatErrorsList } from './errors-table.ts';
import { rateLimitsTable } from './rate-limits-table.ts';
import { routesTables } from './routes-table.ts';
import { settingsTables } from './settings-tables.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The blocks that a page may contain. */
export const BLOCKS: Record<string, RenderBlock> = {
  routes: routesTables,
  errors: errorsTable,
  'rate-limits': rateLimitsTable,
  'wechat-errors': wechatErrorsList,
  settings: settingsTables,
};

export interface Page {
  /** Relative to the root of the repository. */
  path: string;
  current: string;
  generated: string;
}

/** Renders every Markdown page that contains a generated block. */
export async function renderPages(): Promise<Page[]> {
  const style = await resolveConfig(import.meta.filename);
  const pages: Page[] = [];
  for (const path of globSync('{*.md,{functions,infra,lib,test}/**/*.md}', { cwd: ROOT }).toSorted()) {
    const current = readFileSync(ROOT + path, 'utf8');
    if (!current.includes('<!-- generated: ')) continue;
    const replaced = await replaceBlocks(current, BLOCKS);
    pages.push({ path, current, generated: await format(replaced, { ...style, parser: 'markdown' }) });
  }
  return pages;
}
