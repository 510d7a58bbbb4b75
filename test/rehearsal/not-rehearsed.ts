/** What a rehearsal cannot show, and why. Printed at its end, so that nobody takes it for more than it is. */
export const NOT_REHEARSED = [
  'who may call a function, and the policies of queues and buckets: the emulator does not ask for them',
  'the rights of whoever deploys: the emulator takes any key',
  'retries of the stream, of rules and of asynchronous calls, and items that a batch reports as failed: the emulator',
  '  repeats whole batches, and at another pace',
  'alarms and metric filters: they are created, and nothing sets them off',
  'limits of AWS: throttling of the API, concurrency, sizes, memory, and the start of a function in Lambda itself',
  'stage prod, and the switches that are off by default: cfn-lint sees them, and nothing else; of EGRESS=fixed the',
  '  emulator has no AWS::EC2::EIP and no AWS::EC2::NatGateway',
  'schedules that do not come within minutes: pay-bills is called by hand',
];
