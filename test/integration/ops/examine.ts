import type { Stage } from './stage.ts';

/** Runs the doctor. `rows` are the lines without a tick: mark and name, then the note. */
export async function examineStage(of: Stage, args: string[] = []) {
  const { code, stdout, stderr } = await of.run('doctor', args);
  const rows = [...stdout.matchAll(/^ {2}(.) (.{21})(.*)$/gm)].map(([, mark, name, note]) => [
    `${mark} ${name!.trim()}`,
    note!,
  ]);
  return { code, stdout, stderr, rows: Object.fromEntries(rows.filter(([head]) => !head!.startsWith('✓'))) };
}
