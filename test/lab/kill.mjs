// Kills ftrace-capture at random moments, by one signal after another, and compares the state of the kernel's
// tracing with what it was before the start: at once where the signal ends it in good order, else after the
// next start, which is --reset and a capture by turns. In the lab:
//
//     node kill.mjs ROUNDS SIGNAL...
//
// SIGNAL is a name, a number, or SIGINT+SIGKILL: killed while it puts everything back. A half of the rounds
// meets the settings of the boot, the others those of somebody who has changed every one of them.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const [rounds, ...signals] = [Number(process.argv[2]), ...process.argv.slice(3)];
const TRACEFS = '/sys/kernel/tracing';
const JOURNAL = '/run/kernel-surface/ftrace-capture.json';
const READY = '/run/kill-ready';
const IN_GOOD_ORDER = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'];

if (process.env.KERNEL_SURFACE_WHERE !== 'lab') throw new Error('not in the lab');

/** Events, lists of what there is, counters: no settings. To read some of them would empty a buffer. */
const NO_SETTING =
  /^(trace|trace_pipe|snapshot|available_.*|printk_formats|saved_cmdlines|saved_tgids|README|touched_functions|dyn_ftrace_total_info|error_log|.*_profile)$/;

const read = (path) => {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch (error) {
    return error.code;
  }
};

/** Buffers are made at their full size when a tracer is first used: the kernel says so, and does not go back. */
const expanded = (text) => text.replace(/^\d+ \(expanded: (\d+)\)$/, '$1');

const names = (directory) => (existsSync(directory) ? readdirSync(directory).sort() : []);

/** Every setting of the kernel's tracing, by its path, and what else a capture may touch. */
function snapshot(target) {
  const paths = [
    ...names(TRACEFS).filter((name) => !NO_SETTING.test(name)),
    ...names(`${TRACEFS}/options`).map((name) => `options/${name}`),
    ...names(`${TRACEFS}/per_cpu`).map((name) => `per_cpu/${name}/buffer_size_kb`),
    'events/enable',
    'events/sched/sched_process_fork/enable',
  ];
  const state = { instances: names(`${TRACEFS}/instances`).join(' ') };
  for (const path of paths) {
    const file = statSync(`${TRACEFS}/${path}`, { throwIfNoEntry: false });
    // free_buffer, for one, may only be written, and does its work when it is closed.
    if (file?.isFile() && file.mode & 0o444) state[path] = expanded(read(`${TRACEFS}/${path}`));
  }
  state.cpus = /Cpus_allowed_list:\s*(.*)/.exec(read(`/proc/${target}/status`))?.[1];
  state.journal = existsSync(JOURNAL);
  return state;
}

/** What a tracer's own options are set to: they show only while it is the current one. */
function tracerOptions() {
  const options = {};
  const own = `${TRACEFS}/instances/kill-test`;
  mkdirSync(own);
  for (const tracer of ['function_graph', 'function']) {
    for (const place of [own, TRACEFS]) {
      const filter = read(`${place}/set_ftrace_filter`);
      // One function is switched faster than all of them.
      writeFileSync(`${place}/set_ftrace_filter`, 'vfs_read');
      try {
        writeFileSync(`${place}/current_tracer`, tracer);
        for (const name of names(`${place}/options`).filter((name) => name.startsWith('func'))) {
          options[`${tracer}: ${name}`] = read(`${place}/options/${name}`);
        }
        break;
      } catch {
        // Before 6.11 or so function_graph runs in the top directory alone.
      } finally {
        writeFileSync(`${place}/current_tracer`, 'nop');
        writeFileSync(`${place}/set_ftrace_filter`, filter.replace(/^(#.*|.*:.*)$/gm, ''));
      }
    }
  }
  rmdirSync(own);
  return options;
}

/** Other settings than those of the boot, wherever a capture has some of its own. */
function changeAll() {
  for (const [file, text] of [
    ['trace_clock', 'mono'],
    ['max_graph_depth', '7'],
    ['saved_cmdlines_size', '256'],
    ['set_ftrace_pid', String(sleeper.pid)],
    ['set_ftrace_filter', 'vfs_read vfs_write vfs_open'],
    ['set_ftrace_filter', 'vfs_fsync:traceoff'],
    ['set_ftrace_notrace', 'vfs_read vfs_write'],
    ['set_graph_notrace', 'vfs_statx'],
    ['options/function-fork', '1'],
    ['options/overwrite', '0'],
    ['options/record-cmd', '0'],
    ['options/irq-info', '0'],
    ['options/latency-format', '1'],
    ['options/stacktrace', '1'],
    ['per_cpu/cpu0/buffer_size_kb', '512'],
    ['per_cpu/cpu1/buffer_size_kb', '640'],
    ['events/sched/sched_process_fork/enable', '1'],
    ['tracing_on', '0'],
  ]) {
    writeFileSync(`${TRACEFS}/${file}`, text, { flag: text.includes(':') ? 'a' : 'w' });
  }
}

function differences(before, now) {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  // Some are lists of all functions.
  const brief = (value) => JSON.stringify(value)?.slice(0, 200);
  return keys
    .filter((key) => before[key] !== now[key])
    .map((key) => `${key}: ${brief(before[key])} is ${brief(now[key])}`);
}

/** Commands of our captures that are still there: their environment tells them from all other processes. */
const MARK = `KILL_TEST=${process.pid}`;
function left() {
  return names('/proc').filter(
    (name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).split('\0').includes(MARK),
  );
}
const isStopped = (pid) => / T /.test(read(`/proc/${pid}/stat`));

const busy = 'while :; do cat /proc/self/maps; sleep 0.2; done > /dev/null';
const load = spawn('sh', ['-c', busy], { stdio: 'ignore' });
/** It starts nothing: with function-fork, the kernel would add that to its list. */
const sleeper = spawn('sleep', ['infinity'], { stdio: 'ignore' });
process.on('exit', () => {
  for (const child of [load, sleeper]) child.kill('SIGKILL');
});
const tids = ['--tids', String(load.pid)];
const WAYS = [
  tids,
  [...tids, '--once'],
  ['--command-output', '/dev/null', '--', 'find', '/usr/lib'],
  [...tids, '--text'],
  [...tids, '--tracer', 'function', '--once', '--pin', '1'],
  [...tids, '--raw', '/run/kill.dat', '--clock', 'global', '--buffer-size', '2048'],
  [...tids, '--pin', '1', '--depth', '5', '--no-follow'],
];

const RESET = ['--reset'];
const START = [...tids, '--duration', '0.01'];

const log = openSync('/run/kill.log', 'a');
const capture = (args) =>
  spawn('ftrace-capture', args, {
    stdio: ['ignore', 'ignore', log],
    env: { ...process.env, KILL_TEST: String(process.pid) },
  });
const ended = (child) =>
  new Promise((resolve) => {
    child.on('exit', (status, signal) => resolve(signal ?? status));
  });

let kills = 0;
let readyAfter = 2_000;
const failures = [];
const counts = new Map();

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** Whether a process would not notice a signal: node ignores SIGPIPE until somebody listens for it. */
function ignores(pid, signal) {
  const mask = /SigIgn:\s*(\S+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

async function kill(signal, way, next, before) {
  const [first, second] = signal
    .split('+')
    .map((name) => os.constants.signals[name] ?? Number(name));
  const gracefully = IN_GOOD_ORDER.includes(signal);
  rmSync(READY, { force: true });
  const started = performance.now();
  const child = capture(['--ready', READY, ...way]);
  const end = ended(child);
  if (Math.random() < 0.5 && second === undefined) {
    await sleep(Math.random() * readyAfter);
  } else {
    while (!existsSync(READY) && child.exitCode === null) await sleep(5);
    readyAfter = Math.max(readyAfter / 2, performance.now() - started);
    await sleep(Math.random() * 500);
  }
  // A signal that is ignored ends nothing: by then nothing has been touched.
  while (ignores(child.pid, first)) await sleep(5);
  const moment = existsSync(READY) ? 'recording' : existsSync(JOURNAL) ? 'set-up' : 'start';
  send(child.pid, first);
  if (second !== undefined) {
    await sleep(Math.random() * 400);
    send(child.pid, second);
  }
  const how = await Promise.race([end, sleep(30_000, 'it goes on', { ref: false })]);
  const changed = differences(before, snapshot(load.pid));
  const count = counts.get(signal) ?? {
    start: 0,
    'set-up': 0,
    recording: 0,
    changed: 0,
    failed: 0,
  };
  counts.set(signal, count);
  count[moment]++;
  if (changed.length > 0) count.changed++;
  let wrong = changed;
  if (!gracefully) {
    const status = await ended(capture(next));
    wrong = differences(before, snapshot(load.pid));
    if (status !== 0) wrong.push(`the next start ended with ${status}`);
  }
  // A command that was not yet let go ends with its capture, by itself. One that runs, runs on.
  for (let i = 0; i < 40 && left().some(isStopped); i++) await sleep(50);
  for (const pid of left()) {
    if (isStopped(pid))
      wrong.push(`stopped: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
    send(pid, 'SIGKILL');
  }
  if (how === 'it goes on') wrong.push(how);
  kills++;
  const seconds = Math.round((performance.now() - started) / 1000);
  console.error(
    `${kills}: ${signal}, ${moment}, ${seconds} s, ${wrong.length === 0 ? 'as before' : 'NOT as before'}`,
  );
  if (wrong.length > 0) {
    count.failed++;
    failures.push(
      `${signal} (${moment}, ${how}) of ${way.join(' ')}:\n    ${wrong.join('\n    ')}`,
    );
    console.error(failures.at(-1));
  }
}

for (const [of, change] of [
  [Math.ceil(rounds / 2), () => {}],
  [Math.floor(rounds / 2), changeAll],
]) {
  if (of === 0) continue;
  change();
  const options = tracerOptions();
  const before = snapshot(load.pid);
  for (let round = 0; round < of; round++) {
    for (const [i, signal] of signals.entries()) {
      const way = WAYS[(round + i) % WAYS.length];
      await kill(signal, way, round % 2 === 0 ? RESET : START, before);
    }
  }
  const wrong = [
    ...differences(before, snapshot(load.pid)),
    ...differences(options, tracerOptions()),
  ];
  if (wrong.length > 0) failures.push(`at the end:\n    ${wrong.join('\n    ')}`);
  console.error(`${kills} kills, ${Object.keys(before).length} settings compared after each`);
}

console.log(
  '| signal | kills | while it started | set up | recorded | left changes | not as before |',
);
console.log('|---|---|---|---|---|---|---|');
for (const [signal, { start, 'set-up': setUp, recording, changed, failed }] of counts) {
  const all = start + setUp + recording;
  console.log(
    `| ${signal} | ${all} | ${start} | ${setUp} | ${recording} | ${changed} | ${failed} |`,
  );
}
if (failures.length > 0) {
  console.log(`\n${failures.length} failures\n${failures.join('\n')}`);
  process.exitCode = 1;
}
process.exit();
