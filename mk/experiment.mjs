// Runs experiments, RUNTIME-APPLICATION each, as often as RUNS says, and prints their figures:
//
//     node mk/experiment.mjs runc-node-express crun-redis-test
//     node mk/experiment.mjs --all
//
// --all is every application under every runtime of RUNTIMES, or else under every one that can be used.
// A valid run is RESULTS/RUNTIME-APPLICATION/run-N and is kept; only missing ones are made. What a run left
// that is not valid is in RESULTS/RUNTIME-APPLICATION/invalid, until the next attempt. With STARTUP=1 the
// container's creation and start are traced, too: such runs are in RESULTS/startup, with a table by phases.
import { spawn, spawnSync } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const {
  RESULTS = 'results',
  RUNS = '1',
  WHERE = 'auto',
  SUITE = 'trixie',
  MAKE = 'make',
  APPS = 'apps',
  ENGINE = 'docker',
} = process.env;
/** The load, as far as it is not left to the application. */
const given = Object.fromEntries(
  ['REQUESTS', 'RATE', 'CONCURRENCY'].flatMap((name) =>
    process.env[name] ? [[name, process.env[name]]] : [],
  ),
);
/** Whether the container's creation and start are measured, too. */
const startup = !['', '0'].includes(process.env.STARTUP ?? '');
const FIGURES = [
  'trace.list',
  'functions.csv',
  'syscalls.list',
  'complexity.csv',
  'per-function.csv',
  ...(startup ? ['phases.csv'] : []),
];

/** What podman needs in the machine, which has docker by itself. */
const PODMAN_PACKAGES = 'podman netavark conmon';
if (ENGINE === 'podman') process.env.LAB_PACKAGES ??= PODMAN_PACKAGES;

const say = (text) => process.stderr.write(`${text}\n`);

function fail(status, text) {
  say(`experiment: ${text}`);
  process.exit(status);
}

const applications = readdirSync(APPS).filter((name) => existsSync(`${APPS}/${name}/app.json`));

/** `runc-node-express`: an application's name is known, all before it is the runtime's. */
function partsOf(experiment) {
  const application = applications.find((name) => experiment.endsWith(`-${name}`));
  const runtime = experiment.slice(0, -(application?.length ?? 0) - 1);
  if (application === undefined || runtime === '') {
    fail(2, `${experiment}: not RUNTIME-APPLICATION; applications are ${applications.join(', ')}`);
  }
  return { experiment, runtime, application };
}

/** The first line of what a command says on standard error; undefined when it succeeds. */
function complaint(command, args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split('\n')[0] || `${command} exits with ${status}`);
}

/** Why this host cannot do it; undefined when it can. */
function unfitHost(runtime) {
  return (
    complaint('bin/run-container', ['--check', runtime, '--engine', ENGINE]) ??
    complaint('bin/ftrace-capture', ['--check'])
  );
}

function placeFor(runtime) {
  if (WHERE === 'host' || WHERE === 'lab') return { where: WHERE, why: `WHERE=${WHERE}` };
  if (WHERE !== 'auto') fail(2, `WHERE=${WHERE}: not one of auto, host, lab`);
  const reason = unfitHost(runtime);
  return reason === undefined
    ? { where: 'host', why: `${runtime} and ftrace can be used here` }
    : { where: 'lab', why: `not this host: ${reason}` };
}

let child;
let stopped;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopped = signal;
    // A terminal's Ctrl-C reaches the child by itself.
    if (signal !== 'SIGINT') child?.kill(signal);
  });
}

/** The exit status of a command that may take minutes and cleans up by itself when it is interrupted. */
async function run(command, args, { cwd, env, stdout = 'inherit' } = {}) {
  child = spawn(command, args, {
    stdio: ['inherit', stdout, 'inherit'],
    cwd,
    env: { ...process.env, ...env },
  });
  const status = await new Promise((done) => {
    child.on('error', (error) => {
      say(`experiment: ${error.message}`);
      done(69);
    });
    child.on('close', (code) => done(code ?? 1));
  });
  child = undefined;
  if (stopped !== undefined) process.exit(130);
  return status;
}

/** The virtual machine, built if it is not there. */
function makeLab() {
  return run(MAKE, ['--no-print-directory', '-s', 'lab'], { stdout: 2 });
}

/** Seconds, for an emulated machine on a busy host. That a container has ended is seen at once all the same. */
const PATIENCE = ['--ready-timeout', '600', '--request-timeout', '120', '--stop-timeout', '600'];
const MACHINE_SECONDS = '2400';
/**
 * Kilobytes for each CPU. To make a buffer takes the emulated machine a second for 20 MB; a runtime that puts a
 * kernel of its own between container and host has ten times the events, which outrun their reader there.
 */
const LAB_BUFFER = { runc: '32768', crun: '32768' };
const LARGE_LAB_BUFFER = '262144';

function measure(where, { runtime, application }, folder) {
  const lab = where === 'lab';
  // An emulated processor takes a third of a second for a request that is traced.
  const knobs = lab ? { REQUESTS: '100', ...given } : given;
  const options = Object.entries(knobs).flatMap(([name, value]) => [
    `--${name.toLowerCase()}`,
    value,
  ]);
  if (lab) options.push(...PATIENCE);
  if (startup) options.push('--startup');
  if (ENGINE !== 'docker') options.push('--engine', ENGINE);
  // The machine has two CPUs and memory to spare; a host may have hundreds.
  const buffer = process.env.BUFFER || (lab ? (LAB_BUFFER[runtime] ?? LARGE_LAB_BUFFER) : '');
  const command = (apps) => [
    ...['run-container', runtime, application, '--apps', apps, '--out', '.', ...options, '--'],
    ...['ftrace-capture', '--tids', '-', '--ready', '3', '--stats', 'capture.json'],
    // The phases' times are of this clock.
    ...(startup ? ['--clock', 'mono'] : []),
    ...['--raw', 'trace.dat', ...(buffer === '' ? [] : ['--buffer-size', buffer])],
  ];
  if (!lab) {
    const env = { KERNEL_SURFACE_WHERE: where, PATH: `${resolve('bin')}:${process.env.PATH}` };
    const [name, ...args] = command(resolve(APPS));
    return run(name, args, { cwd: folder, env });
  }
  const podman = ENGINE === 'podman';
  const image = `build/apps/${SUITE}/${application}.tar`;
  // Only docker has the images in its store already.
  const load = podman ? `podman load --quiet --input ${basename(image)} >&2 && ` : '';
  const inOut = ['sh', '-c', `${load}ln -s "$PWD" /run/job && cd "$OUT" && exec "$@"`, 'sh'];
  return run('lab/run', [
    ...['--suite', SUITE, '--time-limit', MACHINE_SECONDS, '--in', APPS, '--out', folder],
    ...(podman ? ['--no-docker', '--in', image] : []),
    ...['--', ...inOut, ...command(`/run/job/${basename(APPS)}`)],
  ]);
}

/** The recorded pages as text; here, and not where it would slow down what is measured. */
async function decode(folder) {
  const trace = createWriteStream(`${folder}/trace.gz.new`);
  const decoder = spawn('bin/trace-decode', ['--abstime', `${folder}/trace.dat`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => decoder.on('close', done));
  await pipeline(decoder.stdout, createGzip({ level: 4 }), trace);
  if ((await ended) !== 0) return false;
  renameSync(`${folder}/trace.gz.new`, `${folder}/trace.gz`);
  rmSync(`${folder}/trace.dat`);
  return true;
}

function validRun(folder) {
  if (!existsSync(`${folder}/run.json`)) return false;
  return JSON.parse(readFileSync(`${folder}/run.json`, 'utf8')).valid === true;
}

/** The figures of a run, by the rules that everything else is made by; its warnings go into run.json. */
async function figures(folder) {
  const status = await run(MAKE, [
    '--no-print-directory',
    '-s',
    ...FIGURES.map((f) => `${folder}/${f}`),
  ]);
  if (status !== 0) fail(1, `${folder}: no figures (make exits with ${status})`);
  const { warnings } = JSON.parse(readFileSync(`${folder}/complexity.json`, 'utf8'));
  const record = JSON.parse(readFileSync(`${folder}/run.json`, 'utf8'));
  const all = [...new Set([...(record.warnings ?? []), ...warnings])];
  if (all.length === (record.warnings ?? []).length) return;
  writeFileSync(
    `${folder}/run.json.new`,
    `${JSON.stringify({ ...record, warnings: all }, null, 2)}\n`,
  );
  renameSync(`${folder}/run.json.new`, `${folder}/run.json`);
}

/** The exit status of one experiment. */
async function experiment(parts) {
  const base = `${RESULTS}/${startup ? 'startup/' : ''}${parts.experiment}`;
  const folders = Array.from({ length: runs }, (_, i) => `${base}/run-${i + 1}`);
  const missing = folders.filter((folder) => !validRun(folder));
  if (missing.length > 0) {
    const { where, why } = placeFor(parts.runtime);
    say(`${parts.experiment}: on ${where === 'lab' ? `the lab (${SUITE})` : 'this host'}: ${why}`);
    if (where === 'lab') {
      if ((await makeLab()) !== 0) return 69;
    }
    for (const folder of missing) {
      const attempt = `${base}/invalid`;
      rmSync(attempt, { recursive: true, force: true });
      mkdirSync(attempt, { recursive: true });
      const status = await measure(where, parts, attempt);
      if (status !== 0 || !validRun(attempt) || !(await decode(attempt))) {
        say(`experiment: ${parts.experiment}: not valid: see ${attempt}`);
        return status || 1;
      }
      rmSync(folder, { recursive: true, force: true });
      renameSync(attempt, folder);
    }
  }
  for (const folder of folders) await figures(folder);
  return run(process.execPath, ['mk/table.mjs', ...folders]);
}

/** `crun       usable        runc in C`: the names of the runtimes that can be used. */
function usable(list) {
  return list.split('\n').flatMap((line) => /^(\S+) +usable /.exec(line)?.[1] ?? []);
}

/** The runtimes of this host if it can trace, or else those of the lab. */
async function runtimes() {
  const named = (process.env.RUNTIMES ?? '').split(/[ ,]+/).filter((name) => name !== '');
  if (named.length > 0) return named;
  const list = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  if (WHERE !== 'lab') {
    const { stdout } = spawnSync('bin/run-container', ['--list', '--engine', ENGINE], list);
    if (WHERE === 'host' || complaint('bin/ftrace-capture', ['--check']) === undefined) {
      if (usable(stdout).length > 0) return usable(stdout);
      if (WHERE === 'host') fail(69, 'no runtime can be used here: run-container --list');
    }
  }
  if ((await makeLab()) !== 0) process.exit(69);
  const args = ['--suite', SUITE, '--', 'run-container', '--list', '--engine', ENGINE];
  const { status, stdout } = spawnSync('lab/run', args, list);
  if (status !== 0) process.exit(status ?? 69);
  return usable(stdout);
}

if (ENGINE !== 'docker' && ENGINE !== 'podman') {
  fail(2, `ENGINE=${ENGINE}: not one of docker, podman`);
}
const runs = Number(RUNS);
if (!Number.isInteger(runs) || runs < 1) fail(2, `RUNS=${RUNS}: not a number from 1`);
let named = process.argv.slice(2);
if (named[0] === '--all') {
  const all = await runtimes();
  named = applications.flatMap((application) => all.map((runtime) => `${runtime}-${application}`));
}
const experiments = named.map(partsOf);
if (experiments.length === 0) fail(2, 'no experiment is named');
const failed = [];
let worst = 0;
for (const parts of experiments) {
  const status = await experiment(parts);
  if (status !== 0) failed.push(parts.experiment);
  worst ||= status;
}
if (failed.length > 0 && experiments.length > 1) {
  say(`experiment: ${failed.length} of ${experiments.length} failed: ${failed.join(', ')}`);
}
process.exitCode = worst;
