import { controlParamError } from './control-error.ts';

/** Reads an http address of this machine. The simulator requests no other address, so that it is not an open proxy. */
export function readLoopbackUrl(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
  if (!url || !isLocal || url.username !== '' || url.password !== '') {
    throw controlParamError(`${name} must be an http address of localhost or 127.0.0.1`);
  }
  return url;
}
