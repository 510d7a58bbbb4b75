// The role of one function: its `access` in serverless.yml, and the permissions that Lambda itself needs.

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

/** Lists the secrets by name: GetParameters rejects the whole call when one name is not allowed. */
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
 * Returns one statement for an action, with all kinds of items that it may touch. IAM checks all keys of a call (a batch, and
 * by the documentation a transaction) against one statement; two statements do not add up.
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

/** Allows the reads of the event source mapping, which uses the role of the function. */
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

/** Allows Lambda to queue the events that the function failed to process. */
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

/** Lambda requires these without a resource before it puts a function into a VPC. The code of the function may use none. */
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
