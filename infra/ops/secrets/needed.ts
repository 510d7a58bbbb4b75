import type { SecretName } from '../../../lib/core/config.ts';
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
  const setUp = partsOf(variables);
  return secretsOf(setUp.length > 1 ? setUp : ['sessions', ...(Object.keys(SET_UP_BY) as Part[])]);
}

/** Without which a part that is set up does not work. */
export function requiredSecrets(variables: NodeJS.ProcessEnv): SecretName[] {
  const optional = ['PAY_PUBLIC_KEY', 'PAY_PUBLIC_KEY_ID', ...NOT_NEEDED_BY[variables.PAY_API === 'v2' ? 'v2' : 'v3']];
  if (variables.OFFICIAL_MODE === 'plain') optional.push('OFFICIAL_AES_KEY');
  return secretsOf(partsOf(variables)).filter((name) => !optional.includes(name));
}

/** By the protocol of new orders. */
const NOT_NEEDED_BY: Record<'v2' | 'v3', SecretName[]> = {
  v2: ['PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL', 'PAY_API_V3_KEY'],
  v3: ['PAY_API_V2_KEY'],
};

function partsOf(variables: NodeJS.ProcessEnv): Part[] {
  const parts = Object.keys(SET_UP_BY) as (keyof typeof SET_UP_BY)[];
  return ['sessions', ...parts.filter((part) => variables[SET_UP_BY[part]])];
}

function secretsOf(parts: Part[]): SecretName[] {
  return (Object.keys(FORMS) as SecretName[]).filter(
    (name) => parts.includes(FORMS[name].part) && !name.endsWith('_PREVIOUS'),
  );
}
