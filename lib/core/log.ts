import { variable } from './config.ts';

/**
 * Fields of one log line. The value of a field whose name matches SECRET is hidden; log ids, counts and error codes
 * instead.
 */
export type Fields = Record<string, unknown>;

export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

const SECRET =
  /secret|token|session_?key|js_?code|^code$|ticket|authorization|cookie|signature|private|keys?$|phone|nickname|encrypted|^iv$|raw_?data/i;
const OPENID = /open_?id|union_?id/i;
/**
 * Secrets within a text. Keys, session tokens and phone numbers are replaced as a whole. A named value keeps its name.
 * An openid keeps its last characters.
 */
const SECRET_TEXT: [RegExp, string][] = [
  [/-----BEGIN [^-]+-----[\s\S]*?(-----END [^-]+-----|$)/g, '[hidden]'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[hidden]'],
  [/\b(access_token|secret|js_code|code|refresh_token|session_key|ticket)("?\s*[=:]\s*"?)[^&\s",}]+/g, '$1$2[hidden]'],
  [/\bo[\w-]{24}([\w-]{3})\b/g, 'o…$1'],
  [/\b1[3-9]\d{9}\b/g, '[phone]'],
];

/**
 * Writes each event as one line of JSON. With the JSON log format of Lambda, each event is an object, which Lambda
 * nests under `message`, so that each field can be searched.
 */
export const log: Log = {
  // The braces discard the return value of a patched console, because middy would use the value as the response.
  info: (event, fields) => {
    console.info(lineOf({ evt: event, ...fields }));
  },
  warn: (event, fields) => {
    console.warn(lineOf({ evt: event, ...fields }));
  },
  error: (event, fields) => {
    console.error(lineOf({ evt: event, ...fields }));
  },
};

function lineOf(fields: Fields): unknown {
  const line = redact(fields);
  return variable('AWS_LAMBDA_LOG_FORMAT') === 'JSON' ? JSON.parse(line) : line;
}

/**
 * Serialises `fields` as JSON without secrets: hides secrets, shortens openids, and reduces errors to name, message,
 * stack and cause. Never throws.
 */
export function redact(fields: Fields): string {
  try {
    return JSON.stringify(fields, redactField);
  } catch (error) {
    return JSON.stringify({ evt: fields['evt'], unloggable: (error as Error).message.split('\n')[0] });
  }
}

function redactField(name: string, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (SECRET.test(name)) return '[hidden]';
  if (value instanceof Error) return describeError(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return value;
  return OPENID.test(name) ? maskOpenId(value) : maskSecrets(value);
}

/** Keeps enough of an openid to follow one user through a log, and too little to use the openid. */
function maskOpenId(openId: string): string {
  return openId.length > 8 ? `${openId.slice(0, 4)}…${openId.slice(-3)}` : '…';
}

function describeError(error: Error): Fields {
  const { name, message, stack, cause } = error;
  return { name, message, at: stack?.split('\n').slice(1, 6).join('\n'), ...(cause ? { cause } : {}) };
}

/** Hides keys, tokens and phone numbers within a text, and shortens openids. */
export function maskSecrets(text: string): string {
  return SECRET_TEXT.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
