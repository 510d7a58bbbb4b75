import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSheet } from '../../../../lib/reconciliation/sheet.ts';

const FORMAT = { columns: ['订单', '金额(元)'], summary: ['总数', '总额'] } as const;

async function* chunksOf(bytes: Uint8Array, cuts: number[] = []) {
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function read(text: string | Uint8Array, cuts?: number[]) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const summaries: object[] = [];
  const rows: object[] = [];
  for await (const row of readSheet(chunksOf(bytes, cuts), FORMAT, (sums) => void summaries.push(sums))) rows.push(row);
  return { rows, summaries };
}

const END = '总数,总额\n`1,`2\n';

describe('readSheet', () => {
  /**
   * Any value of a bill. WeChat removes commas and line ends.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071238
   */
  const value = fc
    .string({ unit: 'binary', maxLength: 12 })
    .map((text) => text.toWellFormed().replaceAll(/[,\r\n\uFEFF]/g, ' '));

  it('reads the same rows for any chunks, with either line end, with and without BOM', async () => {
    const pairs = fc.array(fc.tuple(value, value), { maxLength: 8 });
    const form = { pairs, eol: fc.constantFrom('\n', '\r\n'), bom: fc.boolean(), end: fc.boolean() };
    await fc.assert(
      fc.asyncProperty(fc.record(form), fc.array(fc.nat(), { maxLength: 9 }), async (sheet, cuts) => {
        const { eol, bom, end } = sheet;
        const lines = [
          '备注,订单,金额(元)',
          ...sheet.pairs.map(([no, amount]) => `\`x,\`${no},\`${amount}`),
          '总数,总额',
          '`1,`2',
        ];
        const text = (bom ? '\uFEFF' : '') + lines.join(eol) + (end ? eol : '');
        expect(await read(Buffer.from(text), cuts)).toEqual({
          rows: sheet.pairs.map(([no, amount]) => ({ 订单: no, '金额(元)': amount })),
          summaries: [{ 总数: '1', 总额: '2' }],
        });
      }),
    );
  });

  it('finds columns by name, in any order, between others, with parentheses of either width', async () => {
    const text = `金额（元）,新列, 订单\n\`5,\`?,\`A\n${END}`;
    expect((await read(text)).rows).toEqual([{ 订单: 'A', '金额(元)': '5' }]);
  });

  it('reads a value with the name of a summary column as data, because of its backtick', async () => {
    expect((await read(`订单,金额(元)\n\`总额,\`5\n${END}`)).rows).toEqual([{ 订单: '总额', '金额(元)': '5' }]);
  });

  it.each([
    ['a requested column', `订单,总额\n${END}`, '金额(元)'],
    ['a column of the summary', '订单,金额(元)\n总数,别的\n`1,`2\n', '总额'],
    ['a value', `订单,金额(元)\n\`A\n${END}`, 'Line 2 of the bill has no 金额(元)'],
    ['the summary', '订单,金额(元)\n`A,`5\n', 'before its summary'],
    ['the values of the summary', '订单,金额(元)\n`A,`5\n总数,总额\n', 'before its summary'],
    ['any line', '', 'before its summary'],
  ])('rejects a bill without %s, and names it in the message', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
      message: expect.stringContaining(message) as string,
    });
  });

  it('rejects a line that exceeds the limit before it fills the memory', async () => {
    async function* endless() {
      for (let count = 0; ; count += 1) {
        if (count > 100) throw new Error('read past the limit');
        yield Buffer.alloc(64 * 1024, 'x');
      }
    }
    const rows = readSheet(endless(), FORMAT, () => undefined);
    await expect(rows.next()).rejects.toThrow('too long');
  });
});
