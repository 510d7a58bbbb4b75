import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readPipedAnswer, openAnswers } from '../../../infra/ops/secrets/answers.ts';

const PEM = ['-----BEGIN PRIVATE KEY-----', 'bGluZSBvbmU=', 'bGluZSB0d28=', '-----END PRIVATE KEY-----'];

/** A terminal or a pipe, and its output. */
const open = (isTTY: boolean) => {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  let shown = '';
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      shown += String(chunk);
      done();
    },
  });
  const answers = openAnswers(input as unknown as NodeJS.ReadStream, output);
  return { answers, type: (keys: string) => void input.write(keys), end: () => void input.end(), shown: () => shown };
};

describe('openAnswers', () => {
  it('shows no answer while it is typed, corrected or pasted', async () => {
    const { answers, type, shown } = open(true);
    const first = answers.next('FIRST: ');
    type('sekret');
    type('\u007F\u007Fet\r');
    await expect(first).resolves.toBe('sekret');
    const second = answers.next('SECOND: ');
    type(`${PEM.join('\r')}\r`);
    await expect(second).resolves.toBe(PEM.join('\n'));
    // The history is empty, so no key shows the previous line.
    const third = answers.next('THIRD: ');
    type('\u001B[A\r');
    await expect(third).resolves.toBe('');
    answers.close();
    expect(shown()).toBe('FIRST: \nSECOND: \nTHIRD: \n');
  });

  it('reads a pipe line by line without prompts, until it ends', async () => {
    const { answers, type, end, shown } = open(false);
    type(` one \n${PEM.join('\n')}\n\n-----BEGIN half\nof one`);
    end();
    const all = [];
    for (let answer = await answers.next('?'); answer !== undefined; answer = await answers.next('?')) all.push(answer);
    expect(all).toEqual(['one', PEM.join('\n'), '', '-----BEGIN half\nof one']);
    expect(shown()).toBe('');
  });

  it('reads all piped input as the answer to a single prompt', async () => {
    const input = new PassThrough();
    const answers = readPipedAnswer(input);
    input.end('{\n  "keys": []\n}\n');
    await expect(answers.next('?')).resolves.toBe('{\n  "keys": []\n}');
  });
});
