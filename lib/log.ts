/** Facts of one log line. Names in SECRET are hidden whatever they hold; give ids, counts and codes instead. */
export type Fields = Record<string, unknown>;

export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

const SECRET =
  /secret|token|session_?key|js_?code|^code$|ticket|authorization|cookie|signature|private|keys?$|phone|nickname|encrypted|^iv$|raw_?data/i;
const OPENID = /open_?id|union_?id/i;
const SECRET_TEXT = /-----BEGIN [^-]+-----[\s\S]*?(-----END [^-]+-----|$)|eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const QUERY_SECRET = /\b(access_token|secret|js_code|code|refresh_token|session_key)=[^&\s]+/g;

/** Lines of JSON on stdout: Lambda's native JSON format nests them under `message`. */
export const log: Log = {
  info: (event, fields) => console.info(redact({ evt: event, ...fields })),
  warn: (event, fields) => console.warn(redact({ evt: event, ...fields })),
  error: (event, fields) => console.error(redact({ evt: event, ...fields })),
};

/** `fields` as safe JSON: secrets hidden, openids shortened, errors reduced to name, message and stack. */
export function redact(fields: Fields): string {
  return JSON.stringify(fields, (name, value: unknown) => {
    if (value === undefined || value === null) return value;
    if (SECRET.test(name)) return '[hidden]';
    if (value instanceof Error) return describeError(value);
    if (typeof value !== 'string') return value;
    if (OPENID.test(name)) return maskOpenId(value);
    return cleanText(value);
  });
}

/** Enough of an openid to follow one user through a log, too little to be one. */
export function maskOpenId(openId: string): string {
  return openId.length > 8 ? `${openId.slice(0, 4)}…${openId.slice(-3)}` : '…';
}

function describeError(error: Error): Fields {
  const { name, message, stack, cause } = error;
  return { name, message, at: stack?.split('\n').slice(1, 6).join('\n'), ...(cause ? { cause } : {}) };
}

function cleanText(text: string): string {
  return text.replace(SECRET_TEXT, '[hidden]').replace(QUERY_SECRET, '$1=[hidden]');
}
