import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parseConfig } from '../complexity/c/conditions.js';
import {
  allowedNames,
  archOfConfig,
  inOrder,
  isKernelSource,
  tableRow,
  versionOf,
  withoutWeak,
} from '../complexity/kernel.js';
import { nameReader } from '../complexity/names.js';
import { TOOLS, type Tool } from '../complexity/scratch.js';
import { ARCHES, archOf } from '../complexity/source.js';
import { builtFiles } from '../kernel-source/built.js';
import { readBackground } from '../kernel-source/headers.js';
import { scoreFiles } from '../kernel-source/pool.js';
import { Tree } from '../kernel-source/tree.js';
import type { Row } from '../kernel-source/worker.js';
import { EXIT, ToolError, UsageError } from '../stream/errors.js';
import { printOut, readBytes, warn, writeFileWhole } from '../stream/io.js';
import { main } from '../stream/main.js';
import { withDirectory } from '../stream/temporary.js';
import { type Manual, readOptions } from './options.js';
import { version } from './version.js';

// Output, which complexity-sum -c reads:
//
//   # Linux 6.12.117, Debian linux-source-6.12 6.12.117-1, configuration amd64
//   # GNU complexity 1.13, by kernel-complexity 0.1.0 --arch x86 --config config
//   Complexity Scores
//   Score | ln-ct | nc-lns| file-name(line): proc-name
//       2      15      14   ./fs/read_write.c(600): ksys_read
const options = {
  out: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    describe: 'write the table to FILE, compressed if it ends in .gz (default: standard output)',
  },
  config: {
    type: 'string',
    requiresArg: true,
    describe: "the kernel's configuration: only what it builds, and only those branches",
  },
  arch: {
    type: 'string',
    requiresArg: true,
    describe: 'architecture, as arch/ or uname -m names it, or all (default: of --config, or all)',
  },
  names: {
    type: 'string',
    requiresArg: true,
    describe: 'only functions listed in FILE, such as available_filter_functions or a trace.list',
  },
  origin: {
    type: 'string',
    requiresArg: true,
    describe: 'where the source comes from, for the first line of the table',
  },
  tool: {
    choices: Object.keys(TOOLS),
    default: 'complexity',
    requiresArg: true,
    describe: 'what scores the functions',
  },
  jobs: {
    alias: 'j',
    type: 'number',
    requiresArg: true,
    describe: 'how many files to read at a time (default: the number of CPUs)',
  },
} as const;

const manual = {
  name: 'kernel-complexity',
  summary:
    "Scores the functions of a kernel's source by GNU complexity, under the names traces show.",
  usage: 'SOURCE_DIR [--config FILE] [--names FILE] [--out FILE]',
  options,
  positionals: ['SOURCE_DIR'],
  examples: [
    [
      'kernel-complexity linux-6.12 --config /boot/config-$(uname -r) -o linux-6.12.txt.gz',
      'what the running kernel was built from',
    ],
    [
      'kernel-complexity linux-6.12 --arch arm64 > linux-6.12.txt',
      'all that could be built for arm64',
    ],
  ],
} as const satisfies Manual<typeof options>;

/** Text of a small file, as it is or compressed by gzip. */
function readMaybeGzip(path: string): string {
  const bytes = readBytes(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return Buffer.from(bytes).toString('latin1');
  try {
    return gunzipSync(bytes).toString('latin1');
  } catch (error) {
    throw new UsageError(`${path}: the gzip data is damaged: ${(error as Error).message}`);
  }
}

function readConfig(path: string): ReadonlyMap<string, string> {
  const config = parseConfig(readMaybeGzip(path));
  if (config.size === 0) {
    throw new UsageError(`${path}: no line like CONFIG_SMP=y: not a kernel's configuration`);
  }
  return config;
}

function readNames(path: string): ReadonlySet<string> {
  const reader = nameReader();
  reader.take(Buffer.from(readMaybeGzip(path), 'latin1'));
  const { names } = reader.end();
  if (names.size === 0) throw new UsageError(`${path}: no function name in it`);
  return allowedNames(names);
}

/** The tool's version; an error that names its package where it is missing. */
function versionOfTool({ command, versionArgs, version: pattern, debian }: Tool): string {
  const { error, stdout, stderr } = spawnSync(command, versionArgs, { encoding: 'latin1' });
  if (error !== undefined) {
    throw new ToolError(
      `${command}: cannot be run: install it (apt-get install ${debian})`,
      EXIT.rig,
    );
  }
  return pattern.exec(stdout + stderr)?.[1] ?? 'of unknown version';
}

function archFor(
  option: string | undefined,
  config: ReadonlyMap<string, string> | undefined,
): string {
  const text = option ?? (config === undefined ? 'all' : archOfConfig(config));
  const arch = text === undefined ? undefined : archOf(text);
  if (arch === undefined) {
    throw new UsageError(
      `--arch ${text ?? '(not told by --config)'}: not one of ${ARCHES.join(', ')}, all`,
    );
  }
  if (arch === 'all' && config !== undefined) {
    throw new UsageError('--arch all: a configuration is of one architecture');
  }
  return arch;
}

function progress(done: number, all: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${manual.name}: ${done} of ${all} files${done === all ? '\n' : ''}`);
}

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  const [root] = values._;
  if (root === undefined) throw new UsageError(`no SOURCE_DIR (see ${manual.name} --help)`);
  const jobs = values.jobs ?? availableParallelism();
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new UsageError(`--jobs ${values.jobs}: not a number from 1`);

  // Told now, not in a minute.
  if (values.out !== undefined) accessSync(dirname(values.out), constants.W_OK);

  const tree = new Tree(root);
  const kernel = versionOf(tree.read('Makefile') ?? '');
  if (kernel === undefined) {
    throw new UsageError(
      `${root}: not the top directory of a kernel's source: no Makefile with a VERSION`,
    );
  }
  const config = values.config === undefined ? undefined : readConfig(values.config);
  const names = values.names === undefined ? undefined : readNames(values.names);
  const arch = archFor(values.arch, config);
  const tool = TOOLS[values.tool];
  const toolVersion = versionOfTool(tool);

  const built = config === undefined ? undefined : builtFiles(tree, config, arch);
  const files = built?.files ?? tree.files('', (path) => isKernelSource(path, arch));
  const headers = built === undefined ? [] : includeHeaders(tree, arch, names);
  const background = readBackground(tree, config, arch, built?.defines ?? new Set());
  const script = join(dirname(__filename), 'kernel-complexity-worker.cjs');
  let rows: readonly Row[] = await withDirectory(manual.name, (scratch, interrupted) => {
    const data = { root, arch, tool: values.tool, background, names, scratch };
    const how = { jobs, onProgress: progress, interrupted };
    return scoreFiles(script, data, [...files, ...headers], how);
  });
  if (config !== undefined) rows = withoutWeak(rows);
  if (rows.length === 0) throw new UsageError(`${root}: no function found`);

  const given = [
    `--arch ${arch}`,
    ...(values.config === undefined ? [] : [`--config ${baseName(values.config)}`]),
    ...(values.names === undefined ? [] : [`--names ${baseName(values.names)}`]),
  ];
  const sorted = [...rows].sort(inOrder);
  const unscored = sorted.filter(({ figures }) => figures === undefined);
  const text = [
    `# Linux ${kernel}${values.origin === undefined ? '' : `, ${values.origin.replace(/\s+/g, ' ')}`}\n`,
    `# ${tool.title} ${toolVersion}, by ${manual.name} ${version} ${given.join(' ')}\n`,
    ...unscored.map(({ file, line, name }) => `# no score: ./${file}(${line}): ${name}\n`),
    'Complexity Scores\nScore | ln-ct | nc-lns| file-name(line): proc-name\n',
    ...sorted.map((row) => (row.figures === undefined ? '' : tableRow(row, row.figures))),
  ].join('');
  if (unscored.length > 0) {
    warn(
      manual.name,
      `${unscored.length} of ${rows.length} functions got no score from ${tool.command}`,
    );
  }
  if (values.out === undefined) printOut(text);
  else writeFileWhole(values.out, values.out.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text);
});

/** Headers that any file may include: their functions show up only where they are asked for by name. */
function includeHeaders(
  tree: Tree,
  arch: string,
  names: ReadonlySet<string> | undefined,
): string[] {
  if (names === undefined) return [];
  const isHeader = (path: string) => path.endsWith('.h');
  return [...tree.files(`arch/${arch}/include`, isHeader), ...tree.files('include', isHeader)];
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
