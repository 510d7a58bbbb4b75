import { describe, expect, it } from 'vitest';
import { describeUnused } from '../../rehearsal/iam/unused.ts';
import { grantsOf, isAllowed, type Statement } from '../../rehearsal/iam/policy.ts';

const TABLE = 'arn:aws:dynamodb:ap-southeast-1:000000000000:table/shop';
const ofKinds = (...kinds: string[]): Statement => ({
  Effect: 'Allow',
  Action: ['dynamodb:GetItem', 'dynamodb:Put*'],
  Resource: TABLE,
  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => `${kind}#*`) } },
});
const on = (action: string, key?: string | string[], resource = TABLE) => ({
  action,
  resource,
  ...(key && { context: { 'dynamodb:leadingkeys': [key].flat() } }),
});

describe('isAllowed', () => {
  const role = [ofKinds('SESSION', 'ACCOUNT')];

  it.each([
    ['a listed action on a listed kind of item', on('dynamodb:GetItem', 'SESSION#1')],
    ['an action that a pattern covers', on('dynamodb:PutItem', 'ACCOUNT#1')],
    ['an action in another letter case', on('DynamoDB:getitem', 'SESSION#1')],
    ['a call without a key under ForAllValues', on('dynamodb:GetItem')],
  ])('allows %s', (_, access) => {
    expect(isAllowed(role, access)).toBe(true);
  });

  it.each([
    ['another action', on('dynamodb:DeleteItem', 'SESSION#1')],
    ['an item of another kind', on('dynamodb:GetItem', 'ORDER#1')],
    ['a kind with a longer name', on('dynamodb:GetItem', 'SESSIONS#1')],
    ['another table', on('dynamodb:GetItem', 'SESSION#1', `${TABLE}2`)],
    ['an index of the table', on('dynamodb:GetItem', 'SESSION#1', `${TABLE}/index/follow-ups`)],
  ])('denies %s', (_, access) => {
    expect(isAllowed(role, access)).toBe(false);
  });

  it('allows several keys in one call only if one statement covers all of them', () => {
    const both = on('dynamodb:GetItem', ['SESSION#1', 'ACCOUNT#1']);
    expect(isAllowed(role, both)).toBe(true);
    expect(isAllowed([ofKinds('SESSION'), ofKinds('ACCOUNT')], both)).toBe(false);
  });

  it('denies everything to a role without statements', () => {
    expect(isAllowed([], on('dynamodb:GetItem'))).toBe(false);
  });

  it('denies an access that a Deny covers, even if it is allowed', () => {
    const deny: Statement = { Effect: 'Deny', Action: '*', Resource: `${TABLE}*` };
    expect(isAllowed([...role, deny], on('dynamodb:GetItem', 'SESSION#1'))).toBe(false);
  });

  it('denies an access whose condition key is missing in the call', () => {
    const plain = { ...ofKinds(), Condition: { StringLike: { 'dynamodb:LeadingKeys': '*' } } };
    expect(isAllowed([plain], on('dynamodb:GetItem'))).toBe(false);
    expect(isAllowed([plain], on('dynamodb:GetItem', 'any'))).toBe(true);
  });

  it.each([
    [{ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }, /NotAction/],
    [{ ...ofKinds('A'), Condition: { NumericLessThan: { 'a:b': '1' } } }, /NumericLessThan/],
  ])('throws for the unsupported statement %j', (statement, message) => {
    const access = { ...on('dynamodb:GetItem', 'A#1'), context: { 'a:b': ['0'] } };
    expect(() => isAllowed([statement as unknown as Statement], access)).toThrow(message);
  });
});

describe('grantsOf', () => {
  it('splits statements into actions and kinds of items', () => {
    const grants = grantsOf([ofKinds('SESSION', 'ACCOUNT'), { Effect: 'Deny', Action: '*', Resource: '*' }]);
    expect(grants).toHaveLength(4);
    expect(grants[1]).toEqual({ ...ofKinds(), Action: 'dynamodb:GetItem', Condition: grants[1]!.Condition });
    expect(grants[1]!.Condition).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'ACCOUNT#*' } });
  });
});

describe('describeUnused', () => {
  it('lists the unused grants of each function', () => {
    const read: Statement = {
      Effect: 'Allow',
      Action: 'ssm:GetParameters',
      Resource: 'arn:aws:ssm:r:a:parameter/x/KEY',
    };
    const used = [{ functionName: 'wallet', ...on('dynamodb:GetItem', 'SESSION#1') }];
    expect(describeUnused({ wallet: [ofKinds('SESSION', 'RATE'), read], me: [ofKinds('SESSION')] }, used)).toEqual([
      'wallet: dynamodb:GetItem (RATE); dynamodb:Put* (SESSION, RATE); ssm:GetParameters (KEY)',
      'me: dynamodb:GetItem (SESSION); dynamodb:Put* (SESSION)',
    ]);
  });
});
