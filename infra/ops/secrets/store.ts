import {
  DeleteParametersCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import type { SecretName } from '../../../lib/core/config.ts';
import { CommandError } from '../command.ts';
import type { Target } from '../target.ts';

/** The metadata of a parameter. */
export interface Stored {
  version: number;
  changedAt: Date;
}

/** The limit of names in one call of GetParameters. */
const MAX_NAMES = 10;

/** Opens the parameters under one path for an operator. */
export function openSecretStore({ clients, standIns }: Pick<Target, 'clients' | 'standIns'>, path: string) {
  const client = new SSMClient({ ...clients.ssm, ...(standIns && { maxAttempts: 1 }) });

  return { list, read, put, remove, close: () => client.destroy() };

  /** Lists every parameter, without its value. */
  async function list(): Promise<Map<string, Stored>> {
    const listed = new Map<string, Stored>();
    let NextToken: string | undefined;
    do {
      const page = await client.send(new GetParametersByPathCommand({ Path: path, NextToken })).catch(throwUnreachable);
      for (const { Name = '', Version = 0, LastModifiedDate = new Date(0) } of page.Parameters ?? []) {
        listed.set(Name.slice(path.length + 1), { version: Version, changedAt: LastModifiedDate });
      }
      NextToken = page.NextToken;
    } while (NextToken);
    return listed;
  }

  /** Reads the values of these names; missing ones are left out. */
  async function read(names: readonly SecretName[]): Promise<Map<SecretName, string>> {
    const values = new Map<SecretName, string>();
    for (let at = 0; at < names.length; at += MAX_NAMES) {
      const Names = names.slice(at, at + MAX_NAMES).map((name) => `${path}/${name}`);
      const { Parameters = [] } = await client
        .send(new GetParametersCommand({ Names, WithDecryption: true }))
        .catch(throwUnreachable);
      for (const { Name = '', Value = '' } of Parameters) values.set(Name.slice(path.length + 1) as SecretName, Value);
    }
    return values;
  }

  async function put(name: SecretName, value: string): Promise<void> {
    const parameter = { Name: `${path}/${name}`, Value: value, Type: 'SecureString', Tier: 'Standard' } as const;
    await client.send(new PutParameterCommand({ ...parameter, Overwrite: true })).catch(throwUnreachable);
  }

  async function remove(name: SecretName): Promise<void> {
    await client.send(new DeleteParametersCommand({ Names: [`${path}/${name}`] })).catch(throwUnreachable);
  }

  function throwUnreachable(error: unknown): never {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED' && standIns) {
      throw new CommandError(
        `No local stack answers at ${standIns}. Start it with "npm start", or name a stage with --stage.`,
      );
    }
    throw error;
  }
}

export type SecretStore = ReturnType<typeof openSecretStore>;
