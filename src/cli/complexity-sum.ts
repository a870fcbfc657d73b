import { createReadStream, openSync, readdirSync, statSync } from 'node:fs';
import { join as pathOf } from 'node:path';
import { createGunzip } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import split2 from 'split2';
import { chainUnchecked } from 'stream-chain';
import { type Joined, join, wantedKeys } from '../complexity/join.js';
import { type NameList, nameReader } from '../complexity/names.js';
import { seriesOf, tableOf } from '../complexity/series.js';
import { ARCHES, archOf, possible, sourceRoot, subsystem } from '../complexity/source.js';
import { type Summary, summarize, summarizeBySubsystem } from '../complexity/sum.js';
import { type Table, tableReader } from '../complexity/table.js';
import { UsageError } from '../stream/errors.js';
import { printOut, readSome, requireFolder, warn, writeFileWhole } from '../stream/io.js';
import { main } from '../stream/main.js';
import { refuseForeign } from '../stream/pump.js';
import { type Manual, readOptions } from './options.js';

// Input, one name to a line, or uniq-funcs --csv:
//
//   __x64_sys_read
//   ksys_read
//   vfs_read
//
// Output:
//
//   n,min,max,sum,mean,stddev,unknown,sum_low,sum_high
//   3,0,2,4,1.333333,0.942809,0,4,4
//
// Output of --per-function:
//
//   function,score,low,high,file,line,match
//   __x64_sys_read,0,0,0,fs/read_write.c,621,syscall
//   ksys_read,2,2,2,fs/read_write.c,602,exact
//   vfs_read,2,2,2,fs/read_write.c,450,exact
const options = {
  complexity: {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe:
      'the scores: output of GNU complexity over the kernel source, plain or gzip; or a folder of tables, from which --kernel picks',
  },
  'per-function': { type: 'boolean', describe: 'a row for each name' },
  by: {
    type: 'string',
    requiresArg: true,
    describe: "with the value subsystem: a row for each directory of the kernel's source",
  },
  kernel: {
    type: 'string',
    requiresArg: true,
    describe: "the traced kernel's release, as uname -r prints it: warn if the table is of another",
  },
  arch: {
    type: 'string',
    requiresArg: true,
    default: 'x86',
    describe: "the traced kernel's architecture, as arch/ or uname -m names it, or all",
  },
  explain: {
    type: 'string',
    requiresArg: true,
    describe: 'write to this file (JSON) which table was used, and which names it does not score',
  },
} as const;

const manual = {
  name: 'complexity-sum',
  summary: "Sums GNU complexity's scores of the kernel functions named on standard input.",
  usage: '-c TABLE [--per-function | --by subsystem] [--arch ARCH] < NAMES',
  options,
  examples: [
    [
      'uniq-funcs --strip < trace | complexity-sum -c complexity/linux-6.1.txt.gz',
      'the published columns for one trace',
    ],
    [
      'complexity-sum -c complexity/linux-6.1.txt.gz --per-function < trace.list',
      'the score of each function, and how it was found',
    ],
  ],
} as const satisfies Manual<typeof options>;

/** Longer lines are refused: split2 would gather them whole, in quadratic time. */
const LINE_LIMIT = 65536;

/** As many bytes as the longest magic number has by which `refuseForeign` knows a file. */
const HEAD = 6;

function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}

/** The first bytes of a descriptor, fewer than HEAD only when that is all there is. */
function readHead(fd: number): Buffer {
  const head = Buffer.alloc(HEAD);
  let length = 0;
  while (length < HEAD) {
    const more = readSome(fd, head, length, HEAD - length);
    if (more === 0) break;
    length += more;
  }
  return head.subarray(0, length);
}

/** "1 line is no function name", "2 lines are no function names". */
function areNo(count: number, what: string): string {
  return count === 1 ? `1 line is no ${what}` : `${count} lines are no ${what}s`;
}

function readNames(): NameList {
  const head = readHead(0);
  if (head.length === 0) throw new UsageError('stdin is empty: expected function names');
  refuseForeign(head, head.length, 'stdin');
  const reader = nameReader();
  reader.take(head);
  const buffer = Buffer.alloc(65536);
  for (;;) {
    const length = readSome(0, buffer, 0, buffer.length);
    if (length === 0) break;
    reader.take(buffer.subarray(0, length));
  }
  const list = reader.end();
  if (list.names.size === 0) {
    throw new UsageError(
      list.garbage === 0
        ? 'stdin holds blank lines only: expected function names'
        : `stdin:${list.firstGarbage}: not a function name, and neither is any other line (uniq-funcs makes names of a trace)`,
    );
  }
  if (list.garbage > 0) {
    warn(
      manual.name,
      `stdin:${list.firstGarbage}: ${areNo(list.garbage, 'function name')}: ignored`,
    );
  }
  return list;
}

interface TableFile {
  readonly path: string;
  readonly fd: number;
  /** The bytes already read: the table may be a pipe, which cannot be read twice. */
  readonly head: Buffer;
}

function openTable(path: string): TableFile {
  const fd = openSync(path, 'r');
  try {
    return { path, fd, head: readHead(fd) };
  } catch (error) {
    throw Object.assign(error as Error, { place: path });
  }
}

/** Reads the table to its end, keeping only what is wanted. */
async function readTable(
  { path, fd, head }: TableFile,
  wanted: ReadonlySet<string>,
): Promise<Table> {
  if (!isGzip(head)) refuseForeign(head, head.length, path);
  const file = createReadStream(path, { fd });
  file.unshift(head);
  const reader = tableReader(wanted);
  const overlong = { maxLength: LINE_LIMIT };
  await new Promise<void>((resolve, reject) => {
    const rows = chainUnchecked([
      file,
      isGzip(head) && createGunzip(),
      split2((line: string) => reader.take(line), overlong),
    ]);
    rows.on('end', resolve);
    rows.on('error', (error) => {
      rows.destroy();
      reject(tableError(error, path, reader.lines() + 1));
    });
    rows.resume();
  });
  return reader.end();
}

function tableError(error: Error, path: string, line: number): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_')) {
    return new UsageError(`${path}: the gzip data is damaged: ${error.message}`);
  }
  if (error.message === 'maximum buffer reached') {
    return new UsageError(
      `${path}:${line}: a line of more than ${LINE_LIMIT} characters: not a table of GNU complexity`,
    );
  }
  return Object.assign(error, { place: path });
}

function checkTable(path: string, table: Table): void {
  if (table.rows === 0) {
    throw new UsageError(
      `${path}: no row of a GNU complexity table in it ("    2      15      14   ./fs/read_write.c(581): ksys_read")`,
    );
  }
  if (table.garbage > 0) {
    warn(manual.name, `${path}:${table.firstGarbage}: ${areNo(table.garbage, 'row')}: ignored`);
  }
  if (table.oneFile && table.rows > 5000) {
    warn(
      manual.name,
      `${path}: all rows name one file: complexity must get its files as arguments, not on standard input`,
    );
  }
}

/** The table that `-c` names: a file, or from a folder the one of the traced kernel. */
function tablePath(path: string, release: string | undefined): string {
  const series = release === undefined ? undefined : seriesOf(release);
  if (release !== undefined && series === undefined) {
    throw new UsageError(`--kernel ${release}: not a release like 6.1.0-56-amd64`);
  }
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  if (series === undefined) {
    throw new UsageError(`${path}: is a directory: --kernel RELEASE has to pick a table from it`);
  }
  const file = tableOf(series, readdirSync(path));
  if (file === undefined) throw new UsageError(`${path}: no table like linux-6.1.txt.gz in it`);
  return pathOf(path, file);
}

/** What is wrong with a table for a trace of kernel `release`. */
function kernelMismatch(path: string, table: Table, release: string): string | undefined {
  if (table.kernel === undefined) {
    return `${path}: does not tell of which kernel it is; the trace is of ${release}`;
  }
  if (seriesOf(table.kernel) !== seriesOf(release)) {
    return `${path}: is of Linux ${table.kernel}, the trace of ${release}`;
  }
  return undefined;
}

/** Why a name has no score. */
function reasonOf({ file, line }: Joined): string {
  return file === undefined || file === ''
    ? 'not in the table'
    : `the tool gave ${file}:${line} no score`;
}

function account(
  joined: readonly Joined[],
  about: { path: string; table: Table; release: string | undefined; warnings: readonly string[] },
): string {
  const by = (match: string) => joined.filter((j) => j.match === match);
  return `${JSON.stringify(
    {
      table: about.path,
      kernel: about.table.kernel ?? null,
      traced: about.release ?? null,
      names: joined.length,
      exact: by('exact').length,
      suffix: by('suffix').length,
      syscall: by('syscall').length,
      ambiguous: by('ambiguous').map(({ name }) => name),
      unknown: Object.fromEntries(by('unknown').map((j) => [j.name, reasonOf(j)])),
      warnings: about.warnings,
    },
    null,
    2,
  )}\n`;
}

/** Six decimals, and no more of them than are needed: 2, 1.333333. */
function round(figure: number | undefined): number | undefined {
  return figure === undefined ? undefined : Number(figure.toFixed(6));
}

function figures(s: Summary): Record<string, number | undefined> {
  return {
    n: s.n,
    min: s.min,
    max: s.max,
    sum: s.sum,
    mean: round(s.mean),
    stddev: round(s.stddev),
    unknown: s.unknown,
    sum_low: s.sumLow,
    sum_high: s.sumHigh,
  };
}

const FUNCTION_COLUMNS = ['function', 'score', 'low', 'high', 'file', 'line', 'match'];

function functionRow({ name, ...rest }: Joined): Record<string, string | number> {
  return { function: name, ...rest };
}

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  const { complexity, by, kernel: release } = values;
  const hint = `(see ${manual.name} --help)`;
  if (!complexity) throw new UsageError(`no table of scores: -c TABLE ${hint}`);
  if (by !== undefined && by !== 'subsystem') {
    throw new UsageError(`--by ${by}: only subsystem is known ${hint}`);
  }
  if (by !== undefined && values['per-function']) {
    throw new UsageError(`--per-function and --by exclude each other ${hint}`);
  }
  const arch = archOf(values.arch);
  if (arch === undefined) {
    throw new UsageError(`--arch ${values.arch}: not one of ${ARCHES.join(', ')}, all`);
  }

  if (values.explain !== undefined) requireFolder('--explain', values.explain);
  const path = tablePath(complexity, release);

  // Opened before the names are read: nobody should wait for a trace to hear that the table is missing.
  const file = openTable(path);
  const { names, callers } = readNames();
  const table = await readTable(file, wantedKeys([...names, ...callers.values()]));
  checkTable(path, table);
  const mismatch = release === undefined ? undefined : kernelMismatch(path, table, release);
  const warnings = mismatch === undefined ? [] : [mismatch];

  const root = sourceRoot(table.shared).length;
  const joined = join(names, {
    definitions: table.definitions,
    unscored: table.unscored,
    callers,
    choose: (definitions) => possible(definitions, ({ file }) => file.slice(root), arch),
  });
  if (joined.every((j) => j.match === 'unknown')) {
    warnings.push(`${path}: holds none of the names`);
  }
  for (const warning of warnings) warn(manual.name, warning);
  if (values.explain !== undefined) {
    writeFileWhole(values.explain, account(joined, { path, table, release, warnings }));
  }

  if (values['per-function']) {
    printOut(stringify(joined.map(functionRow), { header: true, columns: FUNCTION_COLUMNS }));
  } else if (by !== undefined) {
    const rows = summarizeBySubsystem(joined, (file) => subsystem(file.slice(root)));
    const records = rows.map((row) => ({ subsystem: row.subsystem, ...figures(row) }));
    printOut(stringify(records, { header: true }));
  } else {
    printOut(stringify([figures(summarize(joined))], { header: true }));
  }
});
