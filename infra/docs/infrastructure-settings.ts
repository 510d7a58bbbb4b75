import type { SettingDescription } from './setting-groups.ts';

/** Settings of the infrastructure, which come last on the page. */
export const INFRASTRUCTURE_SETTINGS = {
  DOMAIN_NAME: {
    group: 'deployment',
    meaning: 'Domain of the API, together with `CERTIFICATE_ARN`. Its DNS record points to the output `DomainTarget`.',
    example: 'api.example.com',
  },
  CERTIFICATE_ARN: {
    group: 'deployment',
    meaning: 'ARN of the certificate of that domain, in ACM, in the region of the stage.',
    example: 'arn:aws:acm:ap-southeast-1:123456789012:certificate/0b1c',
  },
  WEBHOOKS: {
    group: 'deployment',
    meaning:
      'Address of the webhooks. `urls`: function URLs. `routes`: `/webhooks/…` of the API. `both`: WeChat Pay gets the routes, and the function URLs still answer.',
    example: 'routes',
    deployedDefault: '`urls`',
  },
  EGRESS: {
    group: 'deployment',
    meaning:
      "Address that calls to WeChat come from. `open`: any address of AWS. `fixed`: the output `EgressIp`, for WeChat's IP allowlist, about 37 USD a month.",
    example: 'fixed',
    deployedDefault: '`open`',
  },
  RESERVED_CONCURRENCY: {
    group: 'deployment',
    meaning:
      'Reserves concurrent executions for webhooks and jobs, which also limits them: `on` or `off`. `on` needs a raised limit of the account.',
    example: 'off',
    deployedDefault: '`on` in `prod`, else `off`',
  },
  ALARM_EMAIL: {
    group: 'deployment',
    meaning: 'Address that gets a mail for each alarm, after it confirmed the first mail of AWS.',
    example: 'ops@example.com',
  },
  PERMISSIONS_BOUNDARY_ARN: {
    group: 'deployment',
    meaning:
      'Permissions boundary of every role. A deployment from CI needs the output `PermissionsBoundaryArn` of [github-oidc.yml](ops/github-oidc.yml).',
    example: 'arn:aws:iam::123456789012:policy/boundary',
  },
  LIMITS: {
    group: 'limits',
    meaning:
      'Preset of the throttle of the gateway and of the [limits by address](../lib/http/README.md#rate-limits): `small`, or `large` for two million users a day.',
    example: 'large',
    deployedDefault: '`large` in `prod`, else `small`',
  },
  LIMITS_FACTOR: {
    group: 'limits',
    meaning: "Multiplies the limits by address and by account, but not the scarce ones that protect WeChat's quotas.",
    example: '2',
  },
  GATEWAY_RATE: {
    group: 'limits',
    meaning: 'Requests a second of each route, for all clients together. Above it the gateway returns 429.',
    example: '2000',
    deployedDefault: '5000 with `LIMITS=large`, else 50',
  },
  GATEWAY_BURST: {
    group: 'limits',
    meaning: 'Requests of each route that the gateway accepts at once.',
    example: '4000',
    deployedDefault: '5000 with `LIMITS=large`, else 100',
  },
  TRUSTED_PROXY: {
    group: 'limits',
    meaning:
      "Proxy whose address of the client counts: `cloudfront`. Without it the gateway's source address counts. See [CloudFront](ops/README.md#cloudfront).",
    example: 'cloudfront',
    deployedDefault: 'none',
  },
  ORIGIN_SECRET: {
    group: 'limits',
    meaning: 'Value of the header `X-Origin-Secret` that CloudFront adds. Needed with `TRUSTED_PROXY=cloudfront`.',
    example: '0123456789abcdef0123456789abcdef',
  },
  AWS_REGION: {
    group: 'deployment',
    meaning: 'Region of the stage. Lambda sets it for the functions.',
    example: 'eu-central-1',
    deployedDefault: '`ap-southeast-1`',
  },
  TABLE_NAME: {
    group: 'template',
    meaning: 'Name of the DynamoDB table.',
    example: 'wechat-lambda-dev',
    deployedDefault: '`wechat-lambda-<stage>`',
  },
  SECRETS_PATH: {
    group: 'template',
    meaning: 'Path of the secrets in the parameter store. Without it the functions read secrets from variables alone.',
    example: '/wechat-lambda/dev',
    deployedDefault: '`/wechat-lambda/<stage>`',
  },
  EVENT_BUS_NAME: {
    group: 'template',
    meaning: 'Name of the EventBridge bus.',
    example: 'wechat-lambda-dev',
    deployedDefault: '`wechat-lambda-<stage>`',
  },
  UPLOADS_BUCKET: {
    group: 'template',
    meaning: 'S3 bucket of the files that users upload.',
    example: 'wechat-lambda-dev-uploads-1a2b3c',
    deployedDefault: 'the output `UploadsBucket`',
  },
  BILL_REPORTS_BUCKET: {
    group: 'template',
    meaning: 'S3 bucket of the reconciliation reports.',
    example: 'wechat-lambda-dev-billreports-1a2b3c',
    deployedDefault: 'the output `BillReportsBucket`',
  },
  AWS_LAMBDA_LOG_FORMAT: {
    group: 'template',
    meaning: 'Format of the log, from `logs` in serverless.yml. `JSON` makes each field of a line searchable.',
    example: 'JSON',
    deployedDefault: '`JSON`',
  },
  WECHAT_API_BASE_URL: {
    group: 'hosts',
    meaning: "WeChat's API.",
    example: 'http://localhost:9000',
  },
  WECHAT_OPEN_BASE_URL: {
    group: 'hosts',
    meaning: "WeChat's OAuth consent page.",
    example: 'http://localhost:9000',
  },
  WECHAT_MP_BASE_URL: {
    group: 'hosts',
    meaning: 'Host of the QR code images of the official account.',
    example: 'http://localhost:9000',
  },
  WECHAT_PAY_BASE_URL: {
    group: 'hosts',
    meaning:
      "WeChat Pay's API. With the default, a call goes to `https://api2.mch.weixin.qq.com` if the connection fails.",
    example: 'http://localhost:9000',
  },
  AWS_ENDPOINT_URL: {
    group: 'hosts',
    meaning: 'Endpoint of every AWS service, for an emulator.',
    example: 'http://127.0.0.1:4566',
    deployedDefault: 'the endpoints of AWS',
  },
  AWS_ENDPOINT_URL_SSM: {
    group: 'hosts',
    meaning:
      'Endpoint of the parameter store. The AWS SDK reads `AWS_ENDPOINT_URL_DYNAMODB` and `_EVENTBRIDGE` in the same way.',
    example: 'http://127.0.0.1:3003',
    deployedDefault: 'the endpoint of AWS',
  },
  AWS_ENDPOINT_URL_S3: {
    group: 'hosts',
    meaning: 'Endpoint of the buckets, which are then the first part of the path.',
    example: 'http://127.0.0.1:3003',
    deployedDefault: 'the endpoint of AWS',
  },
} satisfies Record<string, SettingDescription>;
