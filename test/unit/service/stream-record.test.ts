import { describe, expect, it } from 'vitest';
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import { isChange, toLambdaRecord } from '../../../infra/service/stream-record.ts';

const STREAM = { streamArn: 'arn:aws:dynamodb:engine:000000000000:table/shop/stream/1', region: 'ap-southeast-1' };
const bytes = Uint8Array.from([0, 255]);

describe('stream records of the local engine', () => {
  it('are converted to the JSON that Lambda delivers', () => {
    const record: EngineRecord = {
      eventID: '7',
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'engine',
      dynamodb: {
        ApproximateCreationDateTime: new Date(1_700_000_000_999),
        Keys: { pk: { S: 'A' } },
        NewImage: { pk: { S: 'A' }, raw: { B: bytes }, all: { L: [{ BS: [bytes] }, { NULL: true }, { N: '1' }] } },
        SequenceNumber: '111',
        SizeBytes: 26,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    };
    expect(toLambdaRecord(record, STREAM)).toEqual({
      eventID: '7',
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'ap-southeast-1',
      dynamodb: {
        ApproximateCreationDateTime: 1_700_000_000,
        Keys: { pk: { S: 'A' } },
        NewImage: { pk: { S: 'A' }, raw: { B: 'AP8=' }, all: { L: [{ BS: ['AP8='] }, { NULL: true }, { N: '1' }] } },
        SequenceNumber: '111',
        SizeBytes: 26,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      eventSourceARN: 'arn:aws:dynamodb:ap-southeast-1:000000000000:table/shop/stream/1',
    });
  });

  it('keep the identity of the service that removed an expired item', () => {
    const userIdentity = { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' };
    expect(toLambdaRecord({ eventName: 'REMOVE', userIdentity }, STREAM)).toMatchObject({
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    });
  });

  it('count as no change when the write left the item unchanged', () => {
    const modify = (OldImage: object, NewImage: object) =>
      ({ eventName: 'MODIFY', dynamodb: { OldImage, NewImage } }) as EngineRecord;
    expect(isChange(modify({ a: { B: bytes } }, { a: { B: Uint8Array.from(bytes) } }))).toBe(false);
    expect(isChange(modify({ a: { S: '1' } }, { a: { S: '2' } }))).toBe(true);
    expect(isChange({ eventName: 'MODIFY', dynamodb: { Keys: { pk: { S: 'A' } } } })).toBe(true);
    expect(isChange({ eventName: 'REMOVE', dynamodb: { OldImage: {} } })).toBe(true);
  });
});
