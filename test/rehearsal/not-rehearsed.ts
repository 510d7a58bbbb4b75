/** The limits of a rehearsal and their reasons, printed at its end. */
export const NOT_REHEARSED = [
  'permissions to call a function and policies of queues and buckets: the emulator does not check them',
  'the permissions of the deploying user: the emulator accepts any key',
  'retries of the stream, of rules and of asynchronous calls, and partial batch failures: the emulator repeats whole',
  '  batches, with other delays',
  'alarms and metric filters: the emulator creates them but never triggers them',
  'limits of AWS: API throttling, concurrency, sizes, memory and cold starts in Lambda',
  'stage prod and switches that are off by default: only cfn-lint checks them; for EGRESS=fixed the emulator lacks',
  '  AWS::EC2::EIP and AWS::EC2::NatGateway',
  'schedules longer than a few minutes: tests call pay-bills and complaint-sweep directly',
];
