import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';

/**
 * The main job for real: containers in the virtual machine, traced by its kernel, and their figures. It takes
 * minutes, so it runs where LAB_TEST is set, as .ci/run does.
 */
const skip = process.env.LAB_TEST ? false : 'set LAB_TEST=1 to run the virtual machine';

const REQUESTS = 20;

function make(
  t: Pick<typeof import('tap').default, 'testdir'>,
  goals: readonly string[],
  knobs: readonly string[] = [],
) {
  const results = t.testdir();
  const args = ['--no-print-directory', ...goals.map((goal) => `${results}/${goal}`)];
  const all = [...args, `RESULTS=${results}`, 'WHERE=lab', `REQUESTS=${REQUESTS}`, ...knobs];
  const { status, stdout, stderr } = spawnSync('make', all, {
    encoding: 'utf8',
    env: { ...process.env, MAKEFLAGS: '', NODE_OPTIONS: '' },
    maxBuffer: 1 << 26,
  });
  return { results, status, stdout, stderr };
}

t.setTimeout(40 * 60_000);

/** Functions that run in interrupts and nowhere else. */
const INTERRUPTS_ONLY = [
  'irq_enter_rcu',
  'irq_exit_rcu',
  '__sysvec_apic_timer_interrupt',
  '__sysvec_call_function_single',
  'hrtimer_interrupt',
  'tick_nohz_handler',
  'tick_sched_timer',
  'update_process_times',
  'sched_tick',
  'scheduler_tick',
  'handle_edge_irq',
];

t.test('node-express under runc and runsc', { skip }, async (t) => {
  const goals = ['runc-node-express', 'runsc-node-express'];
  const { results, status, stdout, stderr } = make(t, goals);
  t.equal(status, 0, stderr);
  for (const goal of goals) {
    const read = (name: string) => readFileSync(`${results}/${goal}/run-1/${name}`, 'utf8');
    const list = (name: string) => new Set(read(name).trimEnd().split('\n'));
    const run = JSON.parse(read('run.json'));
    t.match(run, {
      valid: true,
      reasons: [],
      where: 'lab',
      load: { requests: REQUESTS, answered: REQUESTS, failed: 0 },
      capture: { lost: 0 },
    });
    t.ok(run.tasks.start.length > 0);
    const functions = list('trace.list');
    t.ok(functions.size > 200, `${goal}: ${functions.size} functions`);
    for (const name of INTERRUPTS_ONLY) t.notOk(functions.has(name), `${goal}: not ${name}`);
    const calls = list('syscalls.list');
    if (goal.startsWith('runc')) {
      for (const either of [
        ['accept4'],
        ['read', 'recvfrom', 'recvmsg'],
        ['write', 'writev', 'sendto', 'sendmsg'],
        ['epoll_wait', 'epoll_pwait'],
      ]) {
        t.ok(
          either.some((call) => calls.has(call)),
          `${goal}: ${either.join(' or ')}`,
        );
      }
    }
    const [runtime, ...application] = goal.split('-');
    const figures = new RegExp(`^${runtime} +${application.join('-')} +${functions.size} `, 'm');
    t.match(stdout, figures, 'a line of figures');
    t.match(read('complexity.csv'), /^\d+,\d+,\d+,\d+,/m);
  }
  const again = spawnSync(
    'make',
    [...goals.map((goal) => `${results}/${goal}`), `RESULTS=${results}`, 'WHERE=lab'],
    { encoding: 'utf8', env: { ...process.env, MAKEFLAGS: '', NODE_OPTIONS: '' } },
  );
  t.equal(again.status, 0);
  t.notMatch(again.stderr, 'on the lab', 'finished runs are kept');
});

t.test('a container that exits at once', { skip }, async (t) => {
  const { status, stderr } = make(t, ['runc-exits'], ['APPS=test/fixtures/apps']);
  t.equal(status, 2, 'make fails');
  t.match(stderr, /runc-exits: not valid/);
  t.match(
    stderr,
    /run-container: the container ended before it answered \(status 9\)/,
    'with the reason',
  );
});

t.test(
  'a machine that was kept goes on, with its own time and random numbers',
  { skip },
  async (t) => {
    const look =
      'grep -m 1 " T _text$" /proc/kallsyms; head -c 16 /dev/urandom | od -An -tx1; date +%s';
    const [one, two] = [1, 2].map(() => {
      const { status, stdout, stderr } = spawnSync('lab/run', ['--', 'sh', '-c', look], {
        encoding: 'utf8',
      });
      t.equal(status, 0, stderr);
      const [kernel, random, date] = stdout.trim().split('\n');
      t.ok(Math.abs(Date.now() / 1000 - Number(date)) < 60, 'the time is that of the host');
      return { kernel, random };
    });
    t.match(one.kernel, / T _text$/);
    t.equal(one.kernel, two.kernel, 'it was booted once: the kernel lies where it lay');
    t.not(one.random, two.random);
  },
);
