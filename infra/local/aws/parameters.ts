// The parameter store of SSM in memory, with the operations that functions and `npm run secrets` use.

interface Parameter {
  Name: string;
  Type: 'String' | 'SecureString';
  Value: string;
  Version: number;
  /** Epoch seconds. */
  LastModifiedDate: number;
  DataType: 'text';
}

interface Input {
  Name?: string;
  Names?: string[];
  Path?: string;
  Value?: string;
  Type?: string;
  Overwrite?: boolean;
  Recursive?: boolean;
  WithDecryption?: boolean;
  MaxResults?: number;
  NextToken?: string;
}

interface Answer {
  status: number;
  answer: object;
}

const MAX_NAMES = 10;
/** The limit of the standard tier. */
const MAX_VALUE_BYTES = 4_096;

export interface ParameterStore {
  put(name: string, value: string): void;
  /** Answers `AmazonSSM.<operation>`; undefined for any other operation. */
  call(operation: string, input: Input): Answer | undefined;
}

/** Creates an empty store. */
export function parameterStore(): ParameterStore {
  const parameters = new Map<string, Parameter>();

  function put({ Name = '', Value = '', Type = 'String', Overwrite = false }: Input): Answer {
    const before = parameters.get(Name);
    if (!/^\/[\w./-]+$/.test(Name))
      return ssmError('ValidationException', 'Parameter name must be a fully qualified name.');
    if (Value === '') return ssmError('ValidationException', 'The value must have at least one character.');
    if (Buffer.byteLength(Value) > MAX_VALUE_BYTES) {
      return ssmError(
        'ValidationException',
        `Standard tier parameters support a maximum of ${MAX_VALUE_BYTES} characters.`,
      );
    }
    if (Type !== 'String' && Type !== 'SecureString')
      return ssmError('UnsupportedParameterType', `The type ${Type} is not supported.`);
    if (before && !Overwrite) return ssmError('ParameterAlreadyExists', 'The parameter already exists.');
    const Version = (before?.Version ?? 0) + 1;
    parameters.set(Name, { Name, Type, Value, Version, LastModifiedDate: Date.now() / 1_000, DataType: 'text' });
    return { status: 200, answer: { Version, Tier: 'Standard' } };
  }

  function get({ Names = [], WithDecryption = false }: Input): Answer {
    if (Names.length < 1 || Names.length > MAX_NAMES)
      return ssmError('ValidationException', `1 to ${MAX_NAMES} names.`);
    const found = Names.flatMap((name) => parameters.get(name) ?? []);
    return {
      status: 200,
      answer: {
        Parameters: found.map((parameter) => showParameter(parameter, WithDecryption)),
        InvalidParameters: Names.filter((name) => !parameters.has(name)),
      },
    };
  }

  function getByPath({
    Path = '',
    Recursive = false,
    WithDecryption = false,
    MaxResults = 10,
    NextToken,
  }: Input): Answer {
    const folder = Path.endsWith('/') ? Path : `${Path}/`;
    const inside = [...parameters.values()]
      .filter(({ Name }) => Name.startsWith(folder) && (Recursive || !Name.slice(folder.length).includes('/')))
      .toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
    const from = Number(NextToken ?? 0);
    const until = from + MaxResults;
    const page = inside.slice(from, until).map((parameter) => showParameter(parameter, WithDecryption));
    return {
      status: 200,
      answer: { Parameters: page, ...(until < inside.length && { NextToken: String(until) }) },
    };
  }

  function remove({ Names = [] }: Input): Answer {
    const [there, missing] = [
      Names.filter((name) => parameters.has(name)),
      Names.filter((name) => !parameters.has(name)),
    ];
    for (const name of there) parameters.delete(name);
    return { status: 200, answer: { DeletedParameters: there, InvalidParameters: missing } };
  }

  const operations: Record<string, (input: Input) => Answer> = {
    PutParameter: put,
    GetParameters: get,
    GetParametersByPath: getByPath,
    DeleteParameters: remove,
  };
  return {
    put: (Name, Value) => void put({ Name, Value, Type: 'SecureString', Overwrite: true }),
    call: (operation, input) => operations[operation]?.(input),
  };
}

/** Decrypts a SecureString on request. */
function showParameter(parameter: Parameter, withDecryption: boolean): Parameter {
  if (parameter.Type === 'String' || withDecryption) return parameter;
  return { ...parameter, Value: `sealed:${parameter.Version}` };
}

function ssmError(__type: string, message: string): Answer {
  return { status: 400, answer: { __type, message } };
}
