/** A control call (`/_…`) that cannot be carried out. */
export class ControlError extends Error {
  readonly status: number;
  readonly code: string;
  /** Further fields of the answer. */
  readonly details: object;

  constructor(status: number, code: string, message: string, details: object = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** Builds the error for an invalid body or query of a control call. */
export function controlParamError(message: string): ControlError {
  return new ControlError(400, 'PARAM_ERROR', message);
}
