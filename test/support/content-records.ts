// Stream records of content checks, with the events that they publish.
import type { DynamoDBRecord } from 'aws-lambda';
import { keys } from '../../lib/store/keys.ts';
import { recordOf } from './stream-records.ts';

const USER = 'k3v9x2m7q1w8z4t6';
const CHECK = '4k2v9x2m7q1w8z4t6k3v9x2m7q1w8z4t';
const AT = '2026-11-20T03:12:44.000Z';

const upload = {
  checkId: CHECK,
  userId: USER,
  kind: 'upload',
  content: { url: 'https://a.example/x.png' },
  openId: 'oABCDEFGHIJKLMNOPQRSTUVWXYZ1',
};
const own = { ...upload, kind: 'own', subject: 'comment:42' };
const pending = { state: 'pending' };
const decided = (state: string) => ({ state, label: '20002', decidedAt: AT });
const ofCheck = (before: object | undefined, after: object) => recordOf(keys.check(CHECK), before, after);
const ofUpload = (before: object, after: object) => ofCheck({ ...upload, ...before }, { ...upload, ...after });
const ofOwn = (state: string) => ofCheck({ ...own, ...pending }, { ...own, ...decided(state) });

/** Changes that publish an event, with the id and the data of the event. */
export const CONTENT_EVENTS: [string, DynamoDBRecord, string, object][] = [
  [
    'a refused upload',
    ofUpload(pending, decided('refused')),
    `content.refused:${CHECK}`,
    { checkId: CHECK, userId: USER, kind: 'upload', uploadId: CHECK, label: '20002', at: AT },
  ],
  [
    'an upload that an operator refuses',
    ofUpload(decided('review'), decided('refused')),
    `content.refused:${CHECK}`,
    { uploadId: CHECK },
  ],
  [
    'a held content of a team',
    ofOwn('review'),
    `content.held:${CHECK}`,
    { kind: 'own', subject: 'comment:42', label: '20002', at: AT },
  ],
  [
    'a passed content of a team',
    ofOwn('passed'),
    `content.passed:${CHECK}`,
    { checkId: CHECK, userId: USER, subject: 'comment:42', at: AT },
  ],
];

/** Changes that publish no event. */
export const SILENT_CHECKS: [string, DynamoDBRecord][] = [
  ['a new check', ofCheck(undefined, { ...upload, ...pending })],
  ['a check that WeChat accepted', ofUpload(pending, { ...pending, traceId: 't' })],
  ['a passed upload', ofUpload(pending, decided('passed'))],
  ['a completed check', ofUpload(decided('refused'), { ...decided('refused'), expiresAt: 1 })],
];
