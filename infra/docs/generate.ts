// `npm run docs`: rewrites the generated blocks of the Markdown pages.
import { writeFileSync } from 'node:fs';
import { renderPages } from './pages.ts';

for (const { path, current, generated } of await renderPages()) {
  if (generated === current) continue;
  writeFileSync(new URL(`../../${path}`, import.meta.url), generated);
  console.log(path);
}
