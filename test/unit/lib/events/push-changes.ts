// Changes that pushes store, for from-record.test.ts.
import type { DynamoDBRecord } from 'aws-lambda';
import { keys } from '../../../../lib/store/keys.ts';
import { recordOf } from '../../../support/stream-records.ts';

const sender = { appId: 'wx1', openId: 'oABCDEFGHIJKLMNOPQRSTUVWXYZ1' };
const at = '2026-11-20T03:12:44.000Z';
const message = { kind: 'text', text: 'hi', messageId: '1' };
const stored = { ...sender, app: 'mini-program', pushId: 'p-1', at };
const ofMessage = (after: object, before?: object) =>
  recordOf(keys.message('wx1', 'p-1'), before, { ...stored, ...after });

const userId = 'k3v9x2m7q1w8z4t6';
const scan = { ...sender, accountId: userId, pushId: 'p-1', scene: '0123', follow: false, at };
const ofScan = recordOf(keys.sceneScan('wx1', 'p-1'), undefined, scan);

/** Changes that publish an event, with the id and the data of the event. */
export const PUSH_EVENTS: [string, DynamoDBRecord, string, object][] = [
  ['a scan of a channel code', ofScan, 'official-account.scene-scanned:wx1:p-1', { userId, follow: false }],
  [
    'a published message to the mini-program',
    ofMessage({ content: message, accountId: userId }),
    'mini-program.message-received:wx1:p-1',
    { ...sender, userId, at, message },
  ],
  [
    'a published message to the official account',
    ofMessage({ app: 'official-account', content: { ...message, menuId: 'm' } }),
    'official-account.message-received:wx1:p-1',
    { ...sender, at, message: { ...message, menuId: 'm' } },
  ],
  [
    'a message with an automatic reply',
    ofMessage({ reply: '您好' }),
    'mini-program.reply-due:wx1:p-1',
    { appId: 'wx1', pushId: 'p-1' },
  ],
];

/** Changes without an event. */
export const SILENT_PUSHES: [string, DynamoDBRecord][] = [
  ['a message whose reply is claimed', ofMessage({ reply: '您好', senderToken: 't' }, { ...stored, reply: '您好' })],
];
