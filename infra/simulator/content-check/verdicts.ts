import { controlParamError } from '../control-error.ts';
import { readInteger } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';

type Suggestion = 'pass' | 'review' | 'risky';

/** The judgement about a text or a picture. */
export interface Verdict {
  suggest: Suggestion;
  /** The kind of the content, as WeChat numbers it. */
  label: number;
  /** The word that was found. */
  keyword?: string;
}

/** 100 is normal, 20006 a crime, 21000 anything else. */
const labels: Record<Suggestion, number> = { pass: 100, review: 21_000, risky: 20_006 };

/** Judges texts and pictures by words that they contain. */
export class Verdicts {
  #words = { risky: ['赌博', 'risky'], review: ['疑似', 'review'] };
  #mediaDelayMs = 1_000;

  /** The time between the call that sends a picture and the push with its verdict, in ms. */
  get mediaDelayMs(): number {
    return this.#mediaDelayMs;
  }

  show(): object {
    return { ...this.#words, mediaDelayMs: this.#mediaDelayMs };
  }

  /** Applies the body of `PUT /_content-check`. */
  change(body: ControlBody): void {
    const words = {
      risky: readWords(body, 'risky') ?? this.#words.risky,
      review: readWords(body, 'review') ?? this.#words.review,
    };
    const delayMs = readInteger(body, 'mediaDelayMs', this.#mediaDelayMs);
    if (delayMs < 0) throw controlParamError('mediaDelayMs must be 0 or more');
    this.#words = words;
    this.#mediaDelayMs = delayMs;
  }

  /** Judges a text, or bytes that may contain a word in UTF-8. */
  judge(...contents: (string | Buffer)[]): Verdict {
    for (const suggest of ['risky', 'review'] as const) {
      const keyword = this.#words[suggest].find((word) => contents.some((content) => content.includes(word)));
      if (keyword !== undefined) return { suggest, label: labels[suggest], keyword };
    }
    return { suggest: 'pass', label: labels.pass };
  }
}

function readWords(body: ControlBody, name: string): string[] | undefined {
  const words = body[name];
  if (words === undefined) return undefined;
  if (Array.isArray(words) && words.every((word) => typeof word === 'string' && word !== '')) return words;
  throw controlParamError(`${name} must be a list of words`);
}
