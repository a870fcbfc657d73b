import yargs, { type Options } from 'yargs';
import { UsageError } from '../stream/errors.js';
import { printOut } from '../stream/io.js';
import type { Manual, Values } from './options.js';
import { version } from './version.js';

/** Parses arguments by a command's manual; undefined when --help or --version has been answered. */
export function parse<O extends Record<string, Options>>(
  manual: Manual<O>,
  args: readonly string[],
): Values<O> | undefined {
  let help = '';
  const parser = yargs([...args])
    .scriptName(manual.name)
    .locale('en')
    .usage(`$0 ${manual.usage}\n\n${manual.summary}`)
    .options(manual.options)
    .parserConfiguration({ 'boolean-negation': false, 'duplicate-arguments-array': false })
    .strictOptions()
    .version(version)
    .exitProcess(false)
    .epilogue(`The whole manual: man ${manual.name}`)
    .fail((message, error) => {
      const reason = (message ?? error?.message ?? 'wrong options').replace(/\s*\n\s*/g, ' ');
      throw new UsageError(`${reason} (see ${manual.name} --help)`);
    });
  if (args.includes('--help')) {
    // Only here: looking at standard output loads the stream modules.
    const { stdout } = process;
    parser.wrap(Math.min(100, stdout.columns ?? 100));
    for (const [command, says] of manual.examples) parser.example(command, says);
  }
  const values = parser.parse([...args], {}, (_error, _argv, output) => {
    help = output;
  }) as unknown as Values<O> & { help?: boolean; version?: boolean };
  if (help !== '') {
    printOut(`${help}\n`);
    return undefined;
  }
  values._ = values._.map(String);
  const last = manual.positionals?.at(-1);
  const expected = last?.endsWith('...') ? Infinity : (manual.positionals?.length ?? 0);
  if (values._.length > expected) {
    throw new UsageError(`unexpected argument '${values._[expected]}' (see ${manual.name} --help)`);
  }
  return values;
}
