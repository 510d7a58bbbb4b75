import { createSend } from '../../../lib/core/outbound.ts';
import { runtime } from '../../../lib/core/runtime.ts';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The runtime of calls from this machine. The report of the doctor replaces the log. */
export const OUTSIDE = { ...runtime, log: QUIET, send: createSend(runtime) };
