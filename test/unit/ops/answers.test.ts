import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { onlyAnswer, openAnswers } from '../../../infra/ops/secrets/answers.ts';

const PEM = ['-----BEGIN PRIVATE KEY-----', 'bGluZSBvbmU=', 'bGluZSB0d28=', '-----END PRIVATE KEY-----'];

/** A terminal or a pipe, and what it shows. */
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

describe('answers', () => {
  it('are not shown while they are typed, corrected or pasted', async () => {
    const { answers, type, shown } = open(true);
    const first = answers.next('FIRST: ');
    type('sekret');
    type('\u007F\u007Fet\r');
    await expect(first).resolves.toBe('sekret');
    const second = answers.next('SECOND: ');
    type(`${PEM.join('\r')}\r`);
    await expect(second).resolves.toBe(PEM.join('\n'));
    // The key that brings back the line before has nothing to bring back.
    const third = answers.next('THIRD: ');
    type('\u001B[A\r');
    await expect(third).resolves.toBe('');
    answers.close();
    expect(shown()).toBe('FIRST: \nSECOND: \nTHIRD: \n');
  });

  it('come line by line out of a pipe, without questions, and end with it', async () => {
    const { answers, type, end, shown } = open(false);
    type(` one \n${PEM.join('\n')}\n\n-----BEGIN half\nof one`);
    end();
    const all = [];
    for (let answer = await answers.next('?'); answer !== undefined; answer = await answers.next('?')) all.push(answer);
    expect(all).toEqual(['one', PEM.join('\n'), '', '-----BEGIN half\nof one']);
    expect(shown()).toBe('');
  });

  it('are everything that is piped in, where there is one question', async () => {
    const input = new PassThrough();
    const answers = onlyAnswer(input);
    input.end('{\n  "keys": []\n}\n');
    await expect(answers.next('?')).resolves.toBe('{\n  "keys": []\n}');
  });
});
