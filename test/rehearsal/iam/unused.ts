import type { FunctionAccess } from './proxies.ts';
import { covers, grantsOf, type Statement } from './policy.ts';

/** Lists the grants that no access used, one line per function. */
export function describeUnused(roles: Record<string, Statement[]>, used: FunctionAccess[]): string[] {
  return Object.entries(roles).flatMap(([functionName, statements]) => {
    const ofFunction = used.filter((access) => access.functionName === functionName);
    const unused = grantsOf(statements).filter((grant) => !ofFunction.some((access) => covers(grant, access)));
    const byAction = Map.groupBy(unused, ({ Action }) => String(Action));
    const actions = [...byAction].map(([action, grants]) => `${action} (${grants.map(objectOf).join(', ')})`);
    return actions.length > 0 ? [`${functionName}: ${actions.join('; ')}`] : [];
  });
}

/** Returns the kinds of items in a grant, or the last part of its resource. */
function objectOf({ Condition = {}, Resource }: Statement): string {
  const kinds = Object.values(Condition).flatMap((keys) => Object.values(keys).flat());
  return kinds.length > 0 ? kinds.join(', ').replaceAll('#*', '') : String(Resource).replace(/^.*[/:]/, '');
}
