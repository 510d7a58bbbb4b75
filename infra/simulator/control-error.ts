/** A refusal of a `/_…` control call: the person at the keyboard did something that cannot work. */
export class ControlError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A body or a query that is not as it must be. */
export function controlParamError(message: string): ControlError {
  return new ControlError(400, 'PARAM_ERROR', message);
}
