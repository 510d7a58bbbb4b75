// The role of one function: what stands under `access` in serverless.yml, and what Lambda itself does in its name.

/**
 * @param fn a function of serverless.yml, its variables resolved; `secretsPath` begins with a slash; `boundary` is the ARN
 * of a policy that no role may go beyond, or empty
 */
exports.roleOf = (fn, { logGroup, secretsPath, boundary }) => {
  const { secrets = [], table = {}, statements = [] } = fn.access ?? {};
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      ...(boundary && { PermissionsBoundary: boundary }),
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [
        {
          PolicyName: 'access',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              writeLogs(logGroup),
              ...readSecrets(secretsPath, secrets.flat()),
              ...reachItems(table),
              ...statements,
              ...readStreams(fn),
              ...sendDeadLetters(fn),
              ...joinNetwork(fn),
            ],
          },
        },
      ],
    },
  };
};

/** The ARN of a log group ends in `:*` by itself, which stands for its streams. */
function writeLogs(logGroup) {
  return allow(['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': [logGroup, 'Arn'] });
}

/** By their names: GetParameters refuses all of them when it must refuse one. */
function readSecrets(path, names) {
  if (names.length === 0) return [];
  const arn = 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter';
  return [
    allow(
      ['ssm:GetParameters'],
      names.map((name) => ({ 'Fn::Sub': `${arn}${path}/${name}` })),
    ),
  ];
}

/**
 * One statement for an action, with all kinds of items that it may touch: the keys of one call (a batch, and by all that
 * AWS says a transaction too) are looked at together, and two statements do not add up.
 */
function reachItems(table) {
  const kindsOf = {};
  for (const [kind, actions] of Object.entries(table)) {
    for (const action of actions) (kindsOf[action] ??= []).push(`${kind}#*`);
  }
  const alike = new Map();
  for (const [action, prefixes] of Object.entries(kindsOf)) {
    const key = prefixes.join();
    alike.set(key, [...(alike.get(key) ?? []), `dynamodb:${action}`]);
  }
  return [...alike].map(([prefixes, actions]) => ({
    ...allow(actions, { 'Fn::GetAtt': ['Table', 'Arn'] }),
    // Every action here names its partition key. One that does not (Scan) would slip through ForAllValues.
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': prefixes.split(',') } },
  }));
}

/** What the event source mapping does in the function's name. */
function readStreams({ events = [] }) {
  const arns = events.flatMap(({ stream }) => stream?.arn ?? []);
  const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
  return arns.map((arn) =>
    allow(
      actions.map((action) => `dynamodb:${action}`),
      arn,
    ),
  );
}

/** What Lambda does with what the function could not take. */
function sendDeadLetters({ destinations, events = [] }) {
  const all = [destinations, ...events.map(({ stream }) => stream?.destinations)];
  return all.flatMap((one) => (one?.onFailure ? [allow(['sqs:SendMessage'], one.onFailure.arn)] : []));
}

const NETWORK_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** Lambda wants to see these without a resource before it puts a function into a VPC. The function's code may do none of it. */
function joinNetwork({ vpc, name }) {
  if (!vpc) return [];
  const self = { 'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}` };
  return [
    allow(NETWORK_ACTIONS, '*'),
    {
      Effect: 'Deny',
      Action: NETWORK_ACTIONS,
      Resource: '*',
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': self } },
    },
  ];
}

function allow(Action, Resource) {
  return { Effect: 'Allow', Action, Resource };
}
