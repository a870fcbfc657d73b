// Runs experiments, RUNTIME-APPLICATION each, as often as RUNS says, and prints their figures:
//
//     node mk/experiment.mjs runc-node-express crun-redis-test
//
// A valid run is RESULTS/RUNTIME-APPLICATION/run-N and is kept; only missing ones are made. What a run left
// that is not valid is in RESULTS/RUNTIME-APPLICATION/invalid, until the next attempt.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';

const {
  RESULTS = 'results',
  RUNS = '1',
  WHERE = 'auto',
  SUITE = 'trixie',
  MAKE = 'make',
} = process.env;
const RUN_OPTIONS = ['REQUESTS', 'RATE', 'CONCURRENCY'];
const FIGURES = ['trace.list', 'functions.csv', 'syscalls.list', 'complexity.csv'];

const say = (text) => process.stderr.write(`${text}\n`);

function fail(status, text) {
  say(`experiment: ${text}`);
  process.exit(status);
}

const applications = readdirSync('apps').filter((name) => existsSync(`apps/${name}/app.json`));

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
    complaint('bin/run-container', ['--check', runtime]) ??
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
async function run(command, args, { cwd, env } = {}) {
  child = spawn(command, args, { stdio: 'inherit', cwd, env: { ...process.env, ...env } });
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

function measure(where, { runtime, application }, folder) {
  const options = RUN_OPTIONS.flatMap((name) =>
    process.env[name] ? [`--${name.toLowerCase()}`, process.env[name]] : [],
  );
  const command = [
    ...['run-container', runtime, application, '--out', '.', '--trace', 'trace.gz', ...options],
    ...['--', 'ftrace-capture', '--tids', '-', '--ready', '3', '--stats', 'capture.json'],
  ];
  const env = { KERNEL_SURFACE_WHERE: where, PATH: `${resolve('bin')}:${process.env.PATH}` };
  if (where === 'host') return run(command[0], command.slice(1), { cwd: folder, env });
  const inOut = ['sh', '-c', 'cd "$OUT" && KERNEL_SURFACE_WHERE=lab exec "$@"', 'sh'];
  return run('lab/run', ['--suite', SUITE, '--out', folder, '--', ...inOut, ...command]);
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
  const base = `${RESULTS}/${parts.experiment}`;
  const folders = Array.from({ length: runs }, (_, i) => `${base}/run-${i + 1}`);
  const missing = folders.filter((folder) => !validRun(folder));
  if (missing.length > 0) {
    const { where, why } = placeFor(parts.runtime);
    say(`${parts.experiment}: on ${where === 'lab' ? `the lab (${SUITE})` : 'this host'}: ${why}`);
    if (where === 'lab') {
      const status = await run(MAKE, ['--no-print-directory', '-s', 'lab']);
      if (status !== 0) return 69;
    }
    for (const folder of missing) {
      const attempt = `${base}/invalid`;
      rmSync(attempt, { recursive: true, force: true });
      mkdirSync(attempt, { recursive: true });
      const status = await measure(where, parts, attempt);
      if (status !== 0 || !validRun(attempt)) {
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

const runs = Number(RUNS);
if (!Number.isInteger(runs) || runs < 1) fail(2, `RUNS=${RUNS}: not a number from 1`);
const experiments = process.argv.slice(2).map(partsOf);
if (experiments.length === 0) fail(2, 'no experiment is named');
let worst = 0;
for (const parts of experiments) worst ||= await experiment(parts);
process.exitCode = worst;
