import type { InferredOptionTypes, Options } from 'yargs';

/** What a command says about itself: one source for its defaults, its --help and its manual. */
export interface Manual<O extends Record<string, Options>> {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly options: O;
  /** Command lines that work as they stand, each with what it shows. */
  readonly examples: readonly (readonly [string, string])[];
  /** Names of positional arguments, for commands that take any; `FILE...` stands for any number. */
  readonly positionals?: readonly string[];
}

export type Values<O extends Record<string, Options>> = InferredOptionTypes<O> & { _: string[] };

/** `--strip`: a switch of this command, written out. */
function isSwitch<O extends Record<string, Options>>(manual: Manual<O>, arg: string): boolean {
  return arg.startsWith('--') && manual.options[arg.slice(2)]?.type === 'boolean';
}

/**
 * The option values of this process, or undefined when --help or --version has been answered.
 * yargs is loaded only when there is something to parse: a filter in a pipe that is given nothing but
 * switches must not pay 50 ms for it.
 */
export async function readOptions<O extends Record<string, Options>>(
  manual: Manual<O>,
  args: readonly string[] = process.argv.slice(2),
): Promise<Values<O> | undefined> {
  if (args.every((arg) => isSwitch(manual, arg))) {
    const values: Record<string, unknown> = { _: [] };
    for (const [name, option] of Object.entries(manual.options)) values[name] = option.default;
    for (const arg of args) values[arg.slice(2)] = true;
    return values as Values<O>;
  }
  const { parse } = await import('./yargs.js');
  return parse(manual, args);
}
