/** The response of CloudFormation about the stack of the stage dev, with these outputs; `more` has other responses by action. */
export function stackAnswer(
  action: string,
  outputs: Record<string, string>,
  more: Record<string, string> = {},
): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const results: Record<string, string> = {
    ...more,
    DescribeStacks: `<Stacks><member><StackName>wechat-lambda-dev</StackName>
      <StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/wechat-lambda-dev/1</StackId>
      <CreationTime>2026-11-20T00:00:00Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus>
      <Outputs>${members.join('')}</Outputs></member></Stacks>`,
  };
  return `<${action}Response><${action}Result>${results[action]}</${action}Result></${action}Response>`;
}
