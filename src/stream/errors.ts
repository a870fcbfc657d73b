/** The exit codes every command shares; main.ts is the only place that turns an error into one. */
export const EXIT = { ok: 0, failure: 1, usage: 2, lost: 3, rig: 69 } as const;

/** An error whose message is meant for the user: one line that names the place and the reason. */
export class ToolError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failure,
  ) {
    super(message);
  }
}

/** Wrong options, or an input with nothing usable in it: exit 2. */
export class UsageError extends ToolError {
  constructor(message: string) {
    super(message, EXIT.usage);
  }
}

/** By its form, not its class: the option parser is a bundle of its own, with classes of its own. */
export function isToolError(error: unknown): error is ToolError {
  return error instanceof Error && typeof (error as ToolError).exitCode === 'number';
}
