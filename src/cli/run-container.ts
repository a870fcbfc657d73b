import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type App, appNames, isPort, type Protocol, readApp } from '../container/apps.js';
import {
  type About,
  CALL_SECONDS,
  Engine,
  type EngineName,
  type Image,
  isThere,
} from '../container/engine.js';
import { forkedIn, roleRows } from '../container/record.js';
import type { Outcome, Plan } from '../container/run.js';
import {
  listRuntimes,
  type Registered,
  RUNTIMES,
  runtimeOf,
  stanza,
} from '../container/runtimes.js';
import { EXIT, ToolError, UsageError } from '../stream/errors.js';
import { printOut, warn, writeFileWhole } from '../stream/io.js';
import { main } from '../stream/main.js';
import { withDirectory } from '../stream/temporary.js';
import { type Manual, readOptions } from './options.js';
import { version } from './version.js';

// Output without COMMAND, which roles.csv repeats with the process ids:
//
//   tid,role,comm
//   1493,workload,redis-server
//   1531,workload,bio_close_file
const options = {
  list: {
    type: 'boolean',
    describe: 'which runtimes are registered here, and what the others want',
  },
  check: { type: 'boolean', describe: 'only: can RUNTIME be used here?' },
  out: {
    alias: 'o',
    type: 'string',
    requiresArg: true,
    describe: 'write run.json, tids, roles.csv and in-flight to this directory',
  },
  trace: {
    type: 'string',
    requiresArg: true,
    describe: "COMMAND's standard output to FILE, compressed if it ends in .gz (default: ours)",
  },
  requests: {
    type: 'number',
    requiresArg: true,
    describe: "how many requests to offer (default: the application's, or 300)",
  },
  rate: {
    type: 'number',
    requiresArg: true,
    describe: "requests per second, 0 for no pause (default: the application's, or 10)",
  },
  concurrency: {
    type: 'number',
    default: 1,
    requiresArg: true,
    describe: 'requests that may be unanswered at a time',
  },
  'warm-up': {
    type: 'number',
    requiresArg: true,
    describe: 'requests before tracing starts (default: a tenth of --requests, at least 10)',
  },
  expect: {
    type: 'string',
    requiresArg: true,
    describe: "the correct answer (default: the application's, or the first answer)",
  },
  port: {
    type: 'number',
    requiresArg: true,
    describe: 'of an IMAGE (default: the one it exposes)',
  },
  protocol: {
    choices: ['http', 'redis'],
    requiresArg: true,
    describe: 'how an IMAGE is asked (default: redis on port 6379, else http)',
  },
  path: { type: 'string', requiresArg: true, describe: 'what to GET of an IMAGE (default: /)' },
  network: {
    type: 'string',
    requiresArg: true,
    describe: "of the container, in the engine's words",
  },
  'with-shim': { type: 'boolean', describe: "the engine's shim counts as a task, too" },
  startup: {
    type: 'boolean',
    describe: 'COMMAND traces containerd and what it forks, from before the container is created',
  },
  'ready-timeout': {
    type: 'number',
    default: 120,
    requiresArg: true,
    describe: 'seconds to wait for the first correct answer, and for COMMAND to be ready',
  },
  'request-timeout': {
    type: 'number',
    default: 30,
    requiresArg: true,
    describe: 'seconds to wait for an answer',
  },
  'ready-after': {
    type: 'number',
    requiresArg: true,
    describe: 'take COMMAND to be ready after so many seconds: it does not tell',
  },
  'stop-timeout': {
    type: 'number',
    default: 120,
    requiresArg: true,
    describe: 'seconds to wait for the end of COMMAND after its interrupt',
  },
  engine: {
    choices: ['docker', 'podman'],
    default: 'docker',
    requiresArg: true,
    describe: 'engine',
  },
  apps: { type: 'string', requiresArg: true, describe: 'directory of the applications' },
} as const;

const manual = {
  name: 'run-container',
  summary: 'Runs an application under a container runtime, offers its load, and has it traced.',
  usage: 'RUNTIME APP|IMAGE [OPTIONS] [-- COMMAND ARG...]',
  options,
  positionals: ['RUNTIME', 'APP|IMAGE'],
  examples: [
    ['run-container runsc redis-test', 'the threads that work for it, and their roles'],
    [
      'run-container runc node-express -o run-1 --trace run-1/trace.gz -- ' +
        'ftrace-capture --tids - --ready 3 --stats {dir}/capture.json',
      'a whole experiment',
    ],
    ['run-container --list', 'which runtimes can be used here'],
  ],
} as const satisfies Manual<typeof options>;

type Values = NonNullable<Awaited<ReturnType<typeof readOptions<typeof options>>>>;

const HINT = `(see ${manual.name} --help)`;

/**
 * `crun       usable       runc in C`, and below each that is not registered what daemon.json wants for it.
 */
function printList({ registered, name: engine }: About): void {
  for (const { runtime, registered: known, missing } of listRuntimes(registered, isThere)) {
    const state = known ? (missing === undefined ? 'usable' : 'unusable') : 'unregistered';
    const title = missing === undefined ? runtime.title : `${runtime.title}: ${missing}`;
    printOut(`${runtime.name.padEnd(10)} ${state.padEnd(13)} ${title}\n`);
    if (!known && engine === 'docker') printOut(`${' '.repeat(25)}${stanza(runtime)}\n`);
  }
}

/** An option that has to be a number; what it is for stands in its description. */
function requireNumber(values: Values, name: keyof Values, least: number, whole: boolean): void {
  const value = values[name];
  if (value === undefined) return;
  const ok = Number.isFinite(value) && (value as number) >= least;
  if (!ok || (whole && !Number.isInteger(value))) {
    const kind = whole ? 'a whole number' : 'a number';
    throw new UsageError(`--${name}: not ${kind} from ${least} ${HINT}`);
  }
}

function requireNumbers(values: Values): void {
  requireNumber(values, 'requests', 1, true);
  requireNumber(values, 'rate', 0, false);
  requireNumber(values, 'concurrency', 1, true);
  requireNumber(values, 'warm-up', 0, true);
  for (const name of ['ready-timeout', 'request-timeout', 'ready-after', 'stop-timeout'] as const) {
    requireNumber(values, name, 0, false);
  }
  if (values.port !== undefined && !isPort(values.port)) {
    throw new UsageError(`--port: not a number from 1 to 65535 ${HINT}`);
  }
}

function requireRuntime(name: string, about: About): Registered {
  const { registered, name: engine } = about;
  const found = registered.get(name);
  if (found !== undefined) {
    const listed = listRuntimes(registered, isThere).find(({ runtime }) => runtime.name === name);
    if (listed?.missing !== undefined) throw new UsageError(`runtime ${name}: ${listed.missing}`);
    return found;
  }
  const names = [...registered.keys()].sort().join(', ');
  const known = RUNTIMES.find((runtime) => runtime.name === name);
  const how =
    known === undefined || engine === 'podman'
      ? ''
      : `; add ${stanza(known)} under "runtimes" in /etc/docker/daemon.json`;
  throw new UsageError(`runtime ${name}: not known to ${engine}, which has ${names}${how}`);
}

async function requireImage(
  engine: Engine,
  name: string,
  app: App | undefined,
  apps: readonly string[],
): Promise<Image & { name: string }> {
  const image = await engine.image(name);
  if (image !== undefined) return { ...image, name };
  if (app !== undefined) {
    throw new UsageError(
      `image ${name}: not there: build it by apps/build ${app.name} --out ${app.name}.tar ` +
        `and ${engine.name} load -i ${app.name}.tar`,
    );
  }
  throw new UsageError(
    `${name}: neither an application (${apps.join(', ')}) nor an image that ${engine.name} has`,
  );
}

function portOf({ ports, name }: Image & { name: string }, given: number | undefined): number {
  if (given !== undefined) return given;
  if (ports.length === 1) return ports[0];
  const what = ports.length === 0 ? 'exposes no port' : `exposes ports ${ports.join(', ')}`;
  throw new UsageError(`image ${name}: ${what}: choose one by --port`);
}

async function planOf(values: Values, command: readonly string[] | undefined): Promise<Plan> {
  const [runtime, what] = values._;
  const folder = values.apps ?? join(dirname(__filename), '..', 'apps');
  const names = appNames(folder);
  const app = names.includes(what) ? readApp(folder, what) : undefined;
  for (const name of ['port', 'protocol', 'path'] as const) {
    if (app !== undefined && values[name] !== undefined) {
      throw new UsageError(`--${name}: ${what} is an application, which has its own ${HINT}`);
    }
  }
  // A machine that lets a container take so long lets its engine take so long.
  const patience = Math.max(CALL_SECONDS, values['ready-timeout']);
  const engine = new Engine(values.engine as EngineName, patience);
  const about = await engine.about();
  const registered = requireRuntime(runtime, about);
  const image = await requireImage(
    engine,
    app?.images[runtimeOf(runtime).variant] ?? what,
    app,
    names,
  );
  const port = app?.port ?? portOf(image, values.port);
  const protocol = app?.protocol ?? values.protocol ?? (port === 6379 ? 'redis' : 'http');
  const requests = values.requests ?? app?.requests ?? 300;
  return {
    engine,
    about,
    runtime,
    registered,
    image,
    app: app?.name,
    protocol: protocol as Protocol,
    port,
    path: app?.path ?? values.path ?? '/',
    expected: values.expect ?? app?.answer,
    environment: app?.environment ?? {},
    network: values.network,
    load: { requests, rate: values.rate ?? app?.rate ?? 10, concurrency: values.concurrency },
    warmUp: values['warm-up'] ?? Math.max(10, Math.round(requests / 10)),
    withShim: values['with-shim'] === true,
    startup: values.startup === true,
    command,
    trace: values.trace,
    directory: values.out,
    limits: {
      ready: values['ready-timeout'],
      request: values['request-timeout'],
      commandReady: values['ready-after'],
      stop: values['stop-timeout'],
    },
  };
}

/** run.json comes last: where it is, the other files are. */
async function writeRun(directory: string, { record, inFlight }: Outcome): Promise<void> {
  const { stringify } = await import('./csv.js');
  const { start, end } = record.tasks;
  const forked = forkedIn(record.capture) ?? [];
  const rows = roleRows([...start, ...end], forked, record.startup);
  const write = (name: string, content: string) => writeFileWhole(join(directory, name), content);
  write('tids', rows.map(([tid]) => `${tid}\n`).join(''));
  write('roles.csv', stringify([['tid', 'pid', 'role', 'comm'], ...rows]));
  write('in-flight', inFlight.join(''));
  write('run.json', `${JSON.stringify(record, null, 2)}\n`);
}

function progress(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[K${text === '' ? '' : `${manual.name}: ${text}`}`);
}

/** Splits at the first `--`: what stands behind it is for COMMAND, options and all. */
function split(args: readonly string[]): [own: string[], command: string[] | undefined] {
  const at = args.indexOf('--');
  return at < 0 ? [[...args], undefined] : [args.slice(0, at), args.slice(at + 1)];
}

main(manual.name, async () => {
  const [own, command] = split(process.argv.slice(2));
  const values = await readOptions(manual, own);
  if (values === undefined) return;
  if (values.list) {
    printList(await new Engine(values.engine as EngineName).about());
    return;
  }
  if (values.check) {
    const [runtime] = values._;
    if (runtime === undefined) throw new UsageError(`--check: no RUNTIME ${HINT}`);
    requireRuntime(runtime, await new Engine(values.engine as EngineName).about());
    return;
  }
  if (values._.length < 2) throw new UsageError(`expected RUNTIME and APP|IMAGE ${HINT}`);
  requireNumbers(values);
  if (command === undefined) {
    for (const name of ['out', 'trace', 'startup', 'ready-after'] as const) {
      if (values[name] !== undefined) throw new UsageError(`--${name} needs a COMMAND ${HINT}`);
    }
  } else if (command.length === 0) {
    throw new UsageError(`no COMMAND behind -- ${HINT}`);
  } else if (!isThere(command[0])) {
    throw new UsageError(`${command[0]}: no such command`);
  }
  if (values.startup && values.engine === 'podman') {
    throw new UsageError('--startup: podman has no daemon whose forks could be followed');
  }

  const plan = await planOf(values, command);
  // Told now, not after the load.
  if (values.out !== undefined) mkdirSync(values.out, { recursive: true });
  if (values.trace !== undefined && !existsSync(dirname(values.trace))) {
    throw new UsageError(`--trace: no directory ${dirname(values.trace)}`);
  }
  // Only now: the clients that it brings take longer to load than all the rest.
  const { runExperiment } = await import('../container/run.js');
  const outcome = await withDirectory(manual.name, (scratch, interrupted) =>
    runExperiment(plan, { tool: { name: manual.name, version }, scratch, interrupted, progress }),
  );
  const { record, exitCode } = outcome;
  for (const warning of record.warnings) warn(manual.name, warning);
  if (values.out !== undefined) await writeRun(values.out, outcome);
  if (exitCode !== EXIT.ok) throw new ToolError(record.reasons.join('; '), exitCode);
  if (command === undefined) {
    const { stringify } = await import('./csv.js');
    const rows = record.tasks.start.map(({ tid, role, comm }) => [tid, role, comm]);
    printOut(stringify([['tid', 'role', 'comm'], ...rows]));
  }
});
