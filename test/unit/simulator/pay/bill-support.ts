// The merchant's side of bills, written from the documentation alone: https://pay.weixin.qq.com/doc/v3/merchant/4013071238
import { expect } from 'vitest';
import { payCall } from '../support.ts';
import type { Target } from '../support.ts';

/** Downloads the file of a download_url. */
export const download = async (simulator: Target, url: string) => {
  const { pathname, search, origin } = new URL(url);
  expect(origin).toBe(simulator.url);
  let headers: Record<string, string> = {};
  await payCall(simulator, { method: 'GET', path: pathname + search, change: (signed) => (headers = signed) });
  const response = await fetch(url, { headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
};

/** Reads rows and summary of a bill by column name. */
export const readBill = (bytes: Buffer) => {
  const text = bytes.toString();
  expect(text.startsWith('\uFEFF')).toBe(true);
  expect(text.endsWith('\r\n')).toBe(true);
  const lines = text.slice(1).trimEnd().split('\r\n');
  const named = (names: string, line: string) => {
    expect(line.startsWith('`')).toBe(true);
    const values = line.slice(1).split(',`');
    expect(values).toHaveLength(names.split(',').length);
    return Object.fromEntries(names.split(',').map((name, index) => [name, values[index]]));
  };
  const rows = lines.slice(1, -2).map((line) => named(lines[0]!, line));
  return { names: lines[0]!.split(','), rows, summary: named(lines.at(-2)!, lines.at(-1)!) };
};
