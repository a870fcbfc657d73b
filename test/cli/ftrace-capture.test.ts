import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { childrenOf, statOf } from '../../src/tracefs/process.js';
import { fails } from '../helpers/bad-input.js';
import { contentsOf, type FakeCpu, fakeTracefs } from '../helpers/fake-tracefs.js';
import { addressOf, kernelOf } from '../helpers/ring-events.js';
import { filesOf, type RingEvent, SHAPES, writePages } from '../helpers/ring-pages.js';
import { sh } from '../helpers/run.js';

const TOOL = 'ftrace-capture';
const SHAPE = SHAPES[0];
const HOW = { pageSize: 4096, far: 'extend', wordLengths: false, padding: false } as const;

type Test = Pick<typeof import('tap').default, 'testdir' | 'teardown'>;

/** A call of a function without others in it: its entry and its return. */
function leaf(
  cpu: number,
  time: bigint,
  func: number,
  flags = 0,
  lost = 0,
  pid = 218,
): RingEvent[] {
  const base = { cpu, pid, flags, preempt: 0, func: addressOf(SHAPE, func), depth: 0 };
  const parent = addressOf(SHAPE, 2);
  return [
    { ...base, kind: 'entry', time, calltime: 0n, rettime: 0n, parent, lost },
    {
      ...base,
      kind: 'exit',
      time: time + 10n,
      calltime: time,
      rettime: time + 10n,
      parent,
      lost: 0,
    },
  ];
}

function pages(...events: RingEvent[][]): Uint8Array {
  return Buffer.concat(writePages(SHAPE, events.flat(), HOW));
}

const CPUS: readonly FakeCpu[] = [
  { pages: pages(leaf(0, 1_000n, 0), leaf(0, 3_000n, 1)) },
  { pages: pages(leaf(1, 2_000n, 2, 0x08)) },
];

const TEXT = [
  ' 0)    node-218    |  ..... | vfs_read();',
  ' 1)    node-218    |  ..h.. | x64_sys_call();',
  ' 0)    node-218    |  ..... | fput();',
];

/** A machine to trace on, made of files, and the arguments that lead there. */
function machine(t: Test, cpus = CPUS, changes: Record<string, string> = {}) {
  const dir = t.testdir({ kallsyms: Buffer.from(kernelOf(SHAPE).kallsyms).toString('latin1') });
  const root = fakeTracefs(`${dir}/tracefs`, filesOf(SHAPE), cpus, changes);
  const command = `${TOOL} --tracefs ${root} --state ${dir}/state --kallsyms ${dir}/kallsyms`;
  const before = contentsOf(root);
  return {
    dir,
    root,
    command,
    /** Paths of files that are not what they were. */
    changed: () => {
      const now = contentsOf(root);
      const names = new Set([...Object.keys(before), ...Object.keys(now)]);
      return [...names].filter((name) => now[name] !== before[name]).sort();
    },
    locked: () => readdirSync(`${dir}/state`),
  };
}

/** Lines without the comment they begin with. */
const body = (text: string) =>
  text
    .split('\n')
    .filter(
      (line) => line !== '' && line[0] !== '#' && !line.includes('--') && !line.includes('=>'),
    );

/** Until a file is there, as --ready makes it. */
async function there(path: string): Promise<void> {
  for (let i = 0; i < 500 && !existsSync(path); i++) await sleep(20);
}

t.test('wrong arguments', async (t) => {
  const { command, changed } = machine(t);
  const bad = (args: string, message: string | RegExp, input = '') =>
    fails(t, TOOL, sh(`${command} ${args}`, input), 2, message, args || 'none');
  bad('', /no --tids, no --cgroup, no COMMAND/);
  bad('sleep 1', /unexpected argument 'sleep'/);
  bad('--', /no COMMAND behind --/);
  bad('--nope', /see ftrace-capture --help/);
  bad('--tids x', /--tids: 'x' is no thread id/);
  bad("--tids ''", /--tids: no thread id in it/);
  bad('--tids 4194305', /--tids: no such thread: 4194305/);
  bad('--tids @/missing', /\/missing: no such file/);
  bad('--tids -', /stdin: no thread id in it/);
  bad('--tids -', /stdin: 'garbage' is no thread id/, 'garbage\n');
  bad('--tids - --until-eof', /--until-eof/, '1\n');
  bad('--cgroup /missing', /\/missing: no cgroup/);
  bad('--cgroup /', /no cgroup: neither cgroup.threads nor tasks/);
  bad('--tids 1 --times 2', /--times needs --once/);
  bad('--tids 1 --once --times 0', /--times: not a number from 1/);
  bad('--tids 1 --once --text', /--once needs the binary buffers/);
  bad('--tids 1 --raw x --text', /exclude each other/);
  bad('--tids 1 --follow --no-follow', /exclude each other/);
  bad('--tids 1 --tracer blk', /see ftrace-capture --help/);
  bad('--tids 1 --tracer function --depth 2', /--depth needs function_graph/);
  bad('--tids 1 --pin x', /--pin x: not a CPU's number/);
  bad('--tids 1 --clock sundial', /--clock sundial: not one of local/);
  bad('--tids 1 --command-output x', /--command-output needs a COMMAND/);
  bad('--tids 1 --stats /missing/x', /\/missing: no such file/);
  bad('--tids 1 --ready 77', /--ready 77: is not open/);
  for (const name of ['depth', 'buffer-size', 'duration', 'max-loss']) {
    for (const value of ['x', '-1', '1e999']) {
      bad(`--tids 1 --${name}=${value}`, new RegExp(`--${name}: not a number from`));
    }
  }
  t.strictSame(changed(), []);
});

t.test('where nothing can be traced', async (t) => {
  const { command, root, changed } = machine(t);
  const bad = (line: string, status: number, message: RegExp, what: string) =>
    fails(t, TOOL, sh(line), status, message, what);
  bad(
    `${TOOL} --tracefs /usr --tids 1`,
    69,
    /\/usr: no tracefs: there is no current_tracer/,
    'no tracefs',
  );
  writeFileSync(`${root}/available_tracers`, 'blk nop\n');
  bad(`${command} --tids 1`, 69, /no function_graph tracer, only blk, nop/, 'no tracer');
  writeFileSync(`${root}/available_tracers`, 'function_graph function nop\n');
  writeFileSync(`${root}/current_tracer`, 'wakeup\n');
  bad(
    `${command} --tids $$`,
    1,
    /current_tracer: another tracer is running: wakeup/,
    'another tracer',
  );
  writeFileSync(`${root}/current_tracer`, 'nop\n');
  t.strictSame(changed(), []);
});

t.test('text of all CPUs, merged; then all is as it was', async (t) => {
  const { command, dir, changed, locked } = machine(t);
  const { status, stdout, stderr } = sh(
    `${command} --tids $$ --duration 0.2 --stats ${dir}/stats.json`,
  );
  t.equal(stderr.replace(/in [\d.]+ s/, 'in N s'), `${TOOL}: 6 events, none lost, in N s\n`);
  t.equal(status, 0);
  t.match(stdout, /^# tracer: function_graph\n/);
  t.strictSame(body(stdout), TEXT);
  t.strictSame(changed(), []);
  t.strictSame(locked(), []);
  const stats = JSON.parse(readFileSync(`${dir}/stats.json`, 'utf8'));
  t.match(stats, {
    tracer: 'function_graph',
    instance: false,
    endedBy: 'duration',
    events: 6,
    lost: 0,
    lastLoss: null,
    bufferKilobytes: 8192,
    clock: 'local',
    cpus: [{ cpu: 0 }, { cpu: 1 }],
    forked: [],
    notFollowed: [],
    command: null,
    coverage: null,
  });
  t.equal(stats.tids.length, 1);
  t.equal(sh('strip-irq | uniq-funcs', stdout).stdout, 'fput\nvfs_read\n', 'the stages read it');
});

t.test('a thread that nobody named is asked for its name before it is printed', async (t) => {
  const child = spawn('sleep', ['60']);
  t.teardown(() => child.kill());
  const pid = child.pid as number;
  const { command } = machine(t, [{ pages: pages(leaf(0, 1_000n, 0, 0, 0, pid)) }]);
  const { stdout } = sh(`${command} --tids $$ --duration 0.2`);
  t.match(body(stdout)[0], new RegExp(`^ 0\\) +sleep-${pid} `));
});

t.test('how the kernel is set while it goes on', async (t) => {
  const { command, dir, root, changed } = machine(t, [{}, {}], {
    trace_clock: '[local] global mono\n',
  });
  const child = start(
    t,
    `exec ${command} --tids $$,1 --ready ${dir}/ready --clock mono --depth 3 --buffer-size 64`,
  );
  await there(`${dir}/ready`);
  t.equal(readFileSync(`${dir}/ready`, 'utf8'), 'ready\n');
  for (const [file, text] of [
    ['current_tracer', 'function_graph'],
    ['tracing_on', '1'],
    ['trace_clock', 'mono'],
    ['max_graph_depth', '3'],
    ['per_cpu/cpu1/buffer_size_kb', '64'],
    ['options/function-fork', '1'],
    ['options/stacktrace', '0'],
    ['options/funcgraph-irqs', '1'],
    ['saved_cmdlines_size', '4096'],
    ['events/sched/sched_process_fork/enable', '1'],
  ]) {
    t.equal(readFileSync(`${root}/${file}`, 'utf8'), `${text}\n`, file);
  }
  t.match(readFileSync(`${root}/set_ftrace_pid`, 'utf8'), /^(\d+ 1|1 \d+)\n$/);
  fails(
    t,
    TOOL,
    sh(`${command} --tids 1`),
    1,
    new RegExp(`another capture is running: .* pid ${child.pid}`),
    'a second one',
  );
  fails(t, TOOL, sh(`${command} --reset`), 1, /another capture is running/, 'nor a reset');
  fails(t, TOOL, sh(`${command} --check`), 1, /another tracer is running/, '--check');
  child.kill('SIGINT');
  t.strictSame(await ended(child), [0, null]);
  // The clock's file of a real tracefs goes on to show all clocks.
  t.strictSame(changed(), ['trace_clock']);
  t.equal(readFileSync(`${root}/trace_clock`, 'utf8'), 'local\n');
});

function start(t: Test, line: string, stdio: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  // Without what tap has every node do: that listens to signals, too.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn('bash', ['-c', line], {
    stdio: ['ignore', stdio, stdio],
    env: { ...env, PATH: `${process.cwd()}/bin:${process.env.PATH}` },
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve) => {
    child.on('exit', (status, signal) => resolve([status, signal]));
  });
}

t.test('every signal ends it in good order', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'] as const) {
    const { command, dir, changed, locked } = machine(t);
    const child = start(t, `exec ${command} --tids $$ --ready ${dir}/ready > ${dir}/out`);
    await there(`${dir}/ready`);
    t.not(changed().length, 0);
    child.kill(signal);
    t.strictSame(await ended(child), [0, null], signal);
    t.strictSame(changed(), [], signal);
    t.strictSame(locked(), [], signal);
    t.strictSame(
      body(readFileSync(`${dir}/out`, 'utf8')),
      TEXT,
      `${signal}: what was read is written`,
    );
  }
});

t.test('after kill -9 the next one puts everything back, or --reset does', async (t) => {
  for (const [next, on] of [
    ['--tids $$ --duration 0.1', '1\n'],
    ['--reset', '1\n'],
    ['--reset', '0\n'],
  ]) {
    const { command, dir, changed, locked } = machine(t, CPUS, { tracing_on: on });
    const child = start(t, `exec ${command} --tids $$ --ready ${dir}/ready`);
    await there(`${dir}/ready`);
    child.kill('SIGKILL');
    await ended(child);
    t.not(changed().length, 0);
    const { status, stderr } = sh(`${command} ${next}`);
    t.equal(status, 0);
    t.match(
      stderr,
      /^ftrace-capture: a capture was killed: the settings that it left have been put back\n/,
    );
    t.strictSame(changed(), [], next);
    t.strictSame(locked(), []);
  }
  const { command } = machine(t);
  t.equal(sh(`${command} --reset`).stderr, `${TOOL}: nothing is left to put back\n`);
});

t.test('killed at any moment', async (t) => {
  const { command, changed } = machine(t);
  for (let i = 0; i < 12; i++) {
    const child = start(t, `exec ${command} --tids $$`);
    await sleep(40 + 25 * i);
    child.kill('SIGKILL');
    await ended(child);
    const { status, stderr } = sh(`${command} --reset`);
    t.equal(status, 0, stderr);
    t.strictSame(changed(), []);
  }
});

t.test('a reader that goes ends it at once', async (t) => {
  const { command, changed, locked } = machine(t);
  for (const reader of ['head -n 1 > /dev/null', 'true', 'sleep 0.3']) {
    const started = performance.now();
    const { stdout, stderr } = sh(`${command} --tids $$ | ${reader}; echo "\${PIPESTATUS[0]}"`);
    t.strictSame([stdout, stderr], ['0\n', ''], reader);
    t.ok(performance.now() - started < 20_000);
    t.strictSame(changed(), [], reader);
    t.strictSame(locked(), [], reader);
  }
});

t.test('output that cannot be written', async (t) => {
  const { command, dir, changed } = machine(t);
  const full = (args: string, message: RegExp) =>
    fails(t, TOOL, sh(`${command} --tids $$ --duration 0.1 ${args}`), 1, message, args);
  full('> /dev/full', /stdout: no space left on device/);
  fails(t, TOOL, sh(`${TOOL} --help > /dev/full`), 1, /stdout: no space left/, '--help');
  t.equal(sh(`${command} --tids $$ --duration 0.1 --stats /dev/full`).status, 1);
  t.equal(sh(`${command} --tids $$ --duration 0.1 --raw ${dir}/missing/x`).status, 2);
  t.equal(sh(`${command} --tids $$ --duration 0.1 2>&-`).status, 0, 'a closed stderr');
  t.not(sh(`${command} --tids $$ --duration 0.1 >&-`).status, null, 'a closed stdout');
  t.strictSame(changed(), []);
});

t.test('a slow reader gets everything', async (t) => {
  const many = Array.from({ length: 4000 }, (_, i) => leaf(0, BigInt(i) * 100n, i % 2));
  const { command, changed } = machine(t, [{ pages: pages(...many) }, {}]);
  const { stdout } = sh(
    `${command} --tids $$ --duration 0.2 2>/dev/null | (sleep 1; while read -r line; do echo "$line"; done) | grep -c node-`,
  );
  t.equal(stdout, '4000\n');
  t.strictSame(changed(), []);
});

t.test('events that were lost', async (t) => {
  const stats = (overrun: number, dropped: number) =>
    `entries: 0\noverrun: ${overrun}\ncommit overrun: 0\ndropped events: ${dropped}\nread events: 4\n`;
  const { dir, command, root } = machine(t, [
    { pages: pages(leaf(0, 1_000n, 0), leaf(0, 2_000n, 1, 0, 7)) },
    {},
  ]);
  const line = `${command} --tids $$ --ready ${dir}/ready --stats ${dir}/stats.json`;
  for (const [max, expected] of [
    ['', 3],
    ['--max-loss 11', 3],
    ['--max-loss 12', 0],
  ] as const) {
    writeFileSync(`${root}/per_cpu/cpu0/stats`, stats(5, 0));
    const child = start(t, `exec ${line} ${max} > ${dir}/out 2> ${dir}/err`);
    await there(`${dir}/ready`);
    writeFileSync(`${root}/per_cpu/cpu0/stats`, stats(14, 3));
    // The kernel follows a thread whose birth was told by an event that is lost.
    appendFileSync(`${root}/set_ftrace_pid`, '999999999\n');
    child.kill('SIGINT');
    t.strictSame(await ended(child), [expected, null], max || 'none may be lost');
    const err = readFileSync(`${dir}/err`, 'utf8');
    t.match(err, /12 of 16 events were lost \(CPU 0: 12\), none after [\d.]+ s, in [\d.]+ s\n/);
    t.match(readFileSync(`${dir}/out`, 'utf8'), /^CPU:0 \[LOST 7 EVENTS\]$/m);
    t.match(JSON.parse(readFileSync(`${dir}/stats.json`, 'utf8')), {
      lost: 12,
      lastLoss: Number,
      cpus: [{ lost: 12 }, { lost: 0 }],
      forked: [{ tid: 999999999, parent: null, comm: null }],
      notFollowed: [],
    });
    rmSync(`${dir}/ready`);
  }
});

t.test('a command, from its first instruction on', async (t) => {
  const { command, dir, changed } = machine(t);
  const run = (args: string) => sh(`${command} --stats ${dir}/stats.json ${args}`);
  const first = run('-- echo hello');
  t.equal(first.status, 0);
  t.match(first.stderr, /^hello\nftrace-capture: 6 events/, 'its output is not in the trace');
  t.strictSame(body(first.stdout), TEXT);
  const stats = JSON.parse(readFileSync(`${dir}/stats.json`, 'utf8'));
  t.match(stats, { endedBy: 'command', command: { status: 0, signal: null } });
  t.equal(stats.tids.length, 1);
  run(`--command-output ${dir}/hello -- printf '%s,' 'a b' '$HOME' --help`);
  t.equal(readFileSync(`${dir}/hello`, 'utf8'), 'a b,$HOME,--help,', 'arguments as they are');
  t.match(run('-- sh -c "exit 7"').stderr, /the command ended by exit status 7\n/);
  t.match(run(`-- sh -c 'kill -9 $$'`).stderr, /the command ended by SIGKILL\n/);
  t.match(run('-- no-such-command').stderr, /the command ended by exit status 127\n/);
  const late = run('--duration 0.3 -- sleep 60');
  t.match(late.stderr, /the command ended by SIGTERM\n/, 'it is ended with the trace');
  const stubborn = run(`--duration 0.2 -- sh -c 'trap "" TERM; sleep 4 & wait; wait'`);
  t.match(stubborn.stderr, /the command ended by SIGKILL\n/);
  t.strictSame(changed(), []);
});

t.test('a command sees its thread traced before it begins', async (t) => {
  const { command, dir, root } = machine(t);
  sh(
    `${command} --command-output ${dir}/seen -- sh -c 'cat ${root}/set_ftrace_pid ${root}/tracing_on; echo $$'`,
  );
  const [traced, on, own] = readFileSync(`${dir}/seen`, 'utf8').split('\n');
  t.equal(traced, own);
  t.equal(on, '1');
});

t.test('a command that was not let go ends with its capture, though that is killed', async (t) => {
  const { command, dir } = machine(t);
  sh(`mkfifo ${dir}/fifo`);
  // The capture waits for addresses that nobody writes, when the command has been stopped.
  const child = start(t, `exec ${command} --kallsyms ${dir}/fifo -- touch ${dir}/begun`);
  let tid = 0;
  for (let i = 0; i < 500 && !(tid > 0 && statOf(tid)?.state === 'T'); i++) {
    await sleep(20);
    [tid = 0] = childrenOf(child.pid as number);
  }
  t.equal(statOf(tid)?.state, 'T');
  child.kill('SIGKILL');
  await ended(child);
  for (let i = 0; i < 250 && statOf(tid) !== undefined; i++) await sleep(20);
  t.equal(statOf(tid), undefined);
  t.notOk(existsSync(`${dir}/begun`));
});

t.test('thread ids by standard input, and the word on a descriptor', async (t) => {
  const { command, changed } = machine(t);
  const { status, stdout } = sh(
    `exec 4>&1; echo $$ | ${command} --tids - --ready 3 --duration 0.1 3>&4 >/dev/null 2>&1`,
  );
  t.strictSame([status, stdout], [0, 'ready\n']);
  t.strictSame(changed(), []);
});

t.test('until standard input ends', async (t) => {
  const { command, dir, changed } = machine(t);
  const { status, stdout } = sh(
    `sleep 0.5 | ${command} --tids $$ --until-eof --stats ${dir}/stats.json`,
  );
  t.equal(status, 0);
  t.strictSame(body(stdout), TEXT);
  t.equal(JSON.parse(readFileSync(`${dir}/stats.json`, 'utf8')).endedBy, 'stdin');
  t.strictSame(changed(), []);
});

t.test('cgroups', async (t) => {
  const { command, dir, root } = machine(t);
  const v2 = `${dir}/cgroup`;
  for (const [folder, list, text] of [
    ['.', 'cgroup.threads', `${process.pid}\n`],
    ['below', 'cgroup.threads', '1\n'],
    ['empty', 'cgroup.threads', ''],
    ['v1', 'tasks', '1\n'],
    ['bare', 'cpu.weight', '100\n'],
  ]) {
    mkdirSync(`${v2}/${folder}`, { recursive: true });
    writeFileSync(`${v2}/${folder}/${list}`, text);
  }
  const seen = (cgroup: string) => {
    const out = `${dir}/stats.json`;
    const { status } = sh(`${command} --cgroup ${cgroup} --duration 0.1 --stats ${out}`);
    t.equal(status, 0);
    return JSON.parse(readFileSync(out, 'utf8')).tids;
  };
  t.strictSame(seen(v2), [1, process.pid], 'the cgroups below it, too');
  t.strictSame(seen(`${v2}/v1`), [1]);
  fails(
    t,
    TOOL,
    sh(`${command} --cgroup ${v2}/empty`),
    2,
    /empty: no thread is in this cgroup/,
    'empty',
  );
  fails(t, TOOL, sh(`${command} --cgroup ${v2}/bare`), 2, /bare: no cgroup/, 'none');
  t.equal(readFileSync(`${root}/tracing_on`, 'utf8'), '1\n');
});

t.test('raw pages, as a trace.dat', async (t) => {
  const { command, dir, changed } = machine(t);
  const { status, stdout } = sh(`${command} --tids $$ --duration 0.1 --raw ${dir}/x.dat`);
  t.strictSame([status, stdout], [0, '']);
  const dat = readFileSync(`${dir}/x.dat`);
  t.equal(dat.subarray(3, 10).toString(), 'tracing');
  t.ok(dat.includes(Buffer.from(CPUS[0].pages as Uint8Array).subarray(0, 64)));
  t.strictSame(
    readdirSync(dir).filter((name) => name.startsWith('x.dat')),
    ['x.dat'],
  );
  t.strictSame(changed(), []);
});

t.test('coverage: functions leave the trace by their numbers', async (t) => {
  const own = process.pid;
  const mine = (events: RingEvent[]) => events.map((event) => ({ ...event, pid: own }));
  const { command, dir, root } = machine(
    t,
    [
      {
        pages: pages(mine(leaf(0, 1_000n, 0)), mine(leaf(0, 2_000n, 1, 0x08)), leaf(0, 3_000n, 2)),
      },
      { pages: pages(mine(leaf(1, 4_000n, 0))) },
    ],
    { available_filter_functions: 'earlier\nother\nvfs_read\nfput\n' },
  );
  const run = async (args: string) => {
    rmSync(`${dir}/ready`, { force: true });
    const child = start(
      t,
      `exec ${command} --tids ${own} --once ${args} --ready ${dir}/ready --stats ${dir}/stats.json > ${dir}/out`,
    );
    await there(`${dir}/ready`);
    await sleep(500);
    const numbers = readFileSync(`${root}/set_ftrace_filter`, 'utf8');
    child.kill('SIGINT');
    t.strictSame(await ended(child), [0, null]);
    t.equal(readFileSync(`${root}/set_ftrace_filter`, 'utf8'), '', 'put back');
    return { numbers, stats: JSON.parse(readFileSync(`${dir}/stats.json`, 'utf8')) };
  };
  const once = await run('');
  // Into each of the copies that are open.
  const taken = `*\n${'!3\n'.repeat(4)}`;
  t.equal(once.numbers, taken, 'not what only interrupts or other tasks did');
  t.match(once.stats, {
    times: 1,
    bufferKilobytes: 1408,
    coverage: { takenOut: 1, unnumbered: 0 },
  });
  t.strictSame(once.stats.coverage.functions, [{ name: 'vfs_read', caller: null, tid: own }]);
  t.equal(once.stats.coverage.discovery.at(-1)[1], 1);
  t.equal((await run('--times 2')).numbers, taken);
  t.equal((await run('--times 3')).numbers, '*\n');
});

t.test(
  'coverage: whole interrupts are left out, and what was left out before stays so',
  async (t) => {
    const { command, dir, root, changed } = machine(t, CPUS, {
      available_filter_functions:
        'irq_exit_rcu\nvfs_read\n__sysvec_apic_timer_interrupt\nnet_rx_action\nidle_cpu\nhandle_softirqs\n',
      set_graph_notrace: 'vfs_read\n',
    });
    const during = async (args: string) => {
      rmSync(`${dir}/ready`, { force: true });
      const child = start(t, `exec ${command} --tids $$ ${args} --ready ${dir}/ready > ${dir}/out`);
      await there(`${dir}/ready`);
      const names = readFileSync(`${root}/set_graph_notrace`, 'utf8').trim();
      child.kill('SIGINT');
      t.strictSame(await ended(child), [0, null]);
      t.strictSame(changed(), [], 'put back');
      return names.split(' ').sort();
    };
    t.strictSame(await during('--once'), [
      '__sysvec_*',
      'irq_exit_rcu',
      'net_rx_action',
      'vfs_read',
    ]);
    t.strictSame(await during(''), ['vfs_read']);
    t.strictSame(
      await during('--once --tracer function'),
      ['vfs_read'],
      'it has no calls in calls',
    );
  },
);

t.test('help and version', async (t) => {
  const help = sh(`${TOOL} --help`);
  t.strictSame([help.status, help.stderr], [0, '']);
  for (const option of ['--tids', '--cgroup', '--once', '--raw', '--ready', '--reset', '--stats']) {
    t.ok(help.stdout.includes(option), option);
  }
  t.match(sh(`${TOOL} --version`).stdout, /^\d+\.\d+\.\d+\n$/);
});

t.test('--check tells and changes nothing', async (t) => {
  const { command, root } = machine(t);
  const before = contentsOf(root);
  t.strictSame(sh(`${command} --check`), { status: 0, stdout: '', stderr: '' });
  t.strictSame(contentsOf(root), before);
  const { dir } = machine(t, CPUS, { available_tracers: 'nop' });
  t.match(sh(`${TOOL} --tracefs ${dir}/tracefs --check`), {
    status: 69,
    stderr: /no function_graph tracer/,
  });
  t.equal(sh(`${TOOL} --tracefs ${dir} --check`).status, 69);
});
