/** A control call (`/_…`) that cannot be carried out. */
export class ControlError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Builds the error for an invalid body or query of a control call. */
export function controlParamError(message: string): ControlError {
  return new ControlError(400, 'PARAM_ERROR', message);
}
