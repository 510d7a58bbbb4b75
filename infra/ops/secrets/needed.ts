import type { SecretName } from '../../../lib/config.ts';
import { FORMS, type Part } from './forms.ts';

/** The setting that says whether a part is set up. */
export const SET_UP_BY = {
  'mini-program': 'MINIAPP_APP_ID',
  'official account': 'OFFICIAL_APP_ID',
  'WeChat Pay': 'PAY_MCH_ID',
} as const satisfies Partial<Record<Part, string>>;

/**
 * What to ask for, given the settings that are no secrets: the secrets of the parts that are set up, or of all while none
 * is. Values of before are saved by a change, not asked for.
 */
export function neededSecrets(variables: NodeJS.ProcessEnv): SecretName[] {
  const setUp = (Object.keys(SET_UP_BY) as (keyof typeof SET_UP_BY)[]).filter((part) => variables[SET_UP_BY[part]]);
  const parts: Part[] = ['sessions', ...(setUp.length > 0 ? setUp : (Object.keys(SET_UP_BY) as Part[]))];
  return (Object.keys(FORMS) as SecretName[]).filter(
    (name) => parts.includes(FORMS[name].part) && !name.endsWith('_PREVIOUS'),
  );
}
