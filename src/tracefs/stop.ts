/** Why a capture ends. */
export type StopReason = 'signal' | 'command' | 'duration' | 'stdin' | 'reader';

/** The wish that a capture should end, whoever has it first. */
export class Stop {
  reason: StopReason | undefined;
  /** The kernel is as it was: a signal need not wait for anything. */
  restored = false;
  private wake: (() => void) | undefined;

  ask(reason: StopReason): void {
    this.reason ??= reason;
    this.wake?.();
  }

  /** Lets other work go on for `ms`, a whole millisecond at least if it is more than none, or until somebody asks. */
  async wait(ms: number): Promise<void> {
    if (this.reason !== undefined) return;
    if (ms <= 0) {
      await new Promise(setImmediate);
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
