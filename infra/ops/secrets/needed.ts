import type { SecretName } from '../../../lib/core/config.ts';
import { FORMS, type Part } from './forms.ts';

/** An app or WeChat Pay is set up when its setting has a value. */
export const ENABLING_SETTINGS = {
  'mini-program': 'MINIAPP_APP_ID',
  'official account': 'OFFICIAL_APP_ID',
  'WeChat Pay': 'PAY_MCH_ID',
  'virtual payment': 'VIRTUAL_PAY_OFFER_ID',
} as const satisfies Partial<Record<Part, string>>;

/**
 * Returns the secrets of the parts that are set up, or of all parts while none is. Previous values are not prompted for: a
 * change saves them.
 */
export function listNeededSecrets(variables: NodeJS.ProcessEnv): SecretName[] {
  const setUp = listParts(variables);
  const accounts = Object.keys(ENABLING_SETTINGS) as Part[];
  return listSecrets(setUp.some((part) => accounts.includes(part)) ? setUp : [...setUp, ...accounts]);
}

/** Returns the secrets without which a part that is set up does not work. */
export function listRequiredSecrets(variables: NodeJS.ProcessEnv): SecretName[] {
  const optional = ['PAY_PUBLIC_KEY', 'PAY_PUBLIC_KEY_ID', ...NOT_NEEDED_BY[variables.PAY_API === 'v2' ? 'v2' : 'v3']];
  if (variables.OFFICIAL_MODE === 'plain') optional.push('OFFICIAL_AES_KEY');
  if (variables.MINIAPP_MODE === 'plain') optional.push('MINIAPP_AES_KEY');
  return listSecrets(listParts(variables)).filter((name) => !optional.includes(name));
}

/** The secrets that the other protocol needs, by the protocol of new orders. */
const NOT_NEEDED_BY: Record<'v2' | 'v3', SecretName[]> = {
  v2: ['PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL', 'PAY_API_V3_KEY'],
  v3: ['PAY_API_V2_KEY'],
};

function listParts(variables: NodeJS.ProcessEnv): Part[] {
  const parts = Object.keys(ENABLING_SETTINGS) as (keyof typeof ENABLING_SETTINGS)[];
  const proxy: Part[] = variables.TRUSTED_PROXY ? ['CloudFront'] : [];
  return ['sessions', ...parts.filter((part) => variables[ENABLING_SETTINGS[part]]), ...proxy];
}

function listSecrets(parts: Part[]): SecretName[] {
  return (Object.keys(FORMS) as SecretName[]).filter(
    (name) => parts.includes(FORMS[name].part) && !name.endsWith('_PREVIOUS'),
  );
}
