// Lambda passes the credentials of the role to a function in the environment. The SDK's default chain also carries SSO,
// profiles, containers and instance metadata: 130 KB that a function loads at every cold start and never uses.
import { fromEnv } from '@aws-sdk/credential-provider-env';

export const defaultProvider = (init) => fromEnv(init);
