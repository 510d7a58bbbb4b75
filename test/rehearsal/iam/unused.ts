import type { Passed } from './doors.ts';
import { covers, grantsOf, type Statement } from './policy.ts';

/** What the roles allow and nobody did, one line for each function that has something of the kind. */
export function describeUnused(roles: Record<string, Statement[]>, used: Passed[]): string[] {
  return Object.entries(roles).flatMap(([functionName, statements]) => {
    const mine = used.filter((access) => access.functionName === functionName);
    const unused = grantsOf(statements).filter((grant) => !mine.some((access) => covers(grant, access)));
    const byAction = Map.groupBy(unused, ({ Action }) => String(Action));
    const actions = [...byAction].map(([action, grants]) => `${action} (${grants.map(objectOf).join(', ')})`);
    return actions.length > 0 ? [`${functionName}: ${actions.join('; ')}`] : [];
  });
}

/** The kind of item if the grant names one, or else the last part of the resource. */
function objectOf({ Condition = {}, Resource }: Statement): string {
  const kinds = Object.values(Condition).flatMap((keys) => Object.values(keys).flat());
  return kinds.length > 0 ? kinds.join(', ').replaceAll('#*', '') : String(Resource).replace(/^.*[/:]/, '');
}
