/** Exit codes of every verb. Scripts rely on them; they never change meaning. */
export const EXIT = {
  /** Done; for `decide`, permit; for `demo`, every step came out as it must. */
  ok: 0,
  /** Failed; for `decide`, deny; for `demo`, a step came out otherwise. */
  failed: 1,
  /** Bad input: flags, topology, data folder, file. Nothing was changed. */
  badInput: 2,
  /** The consortium is not running, and the verb needs it. */
  notRunning: 3,
} as const;

type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something that the person at the keyboard can mend. The message is one line and says how. */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function badInput(message: string, options?: ErrorOptions): UserError {
  return new UserError(message, EXIT.badInput, options);
}

/** `code` of a Node system error, or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
