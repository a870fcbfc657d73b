import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { KeepAll } from '../../src/context/all.js';
import { PublishedJudge } from '../../src/context/published.js';
import { RegionJudge } from '../../src/context/regions.js';
import { StripSink } from '../../src/context/strip.js';
import type { Tally } from '../../src/context/tally.js';
import type { Policy } from '../../src/context/verdict.js';
import { NamesSink } from '../../src/functions/names.js';
import { PathsSink } from '../../src/functions/paths.js';
import { syscallOf } from '../../src/functions/syscalls.js';
import { Feed } from '../../src/trace/feed.js';
import { Kind, UNKNOWN } from '../../src/trace/kinds.js';
import { MAX_BODIES, MAX_REGIONS, MAX_STATES } from '../../src/trace/lane/layout.js';
import { Line, parseLine } from '../../src/trace/line.js';
import { type Judge, MAX_LINE, Scanner, type Task } from '../../src/trace/scan.js';
import { type Cutter, cutter, drive, WHOLE } from '../helpers/drive.js';
import { allColumns, type Columns, printLine, printSwitch } from '../helpers/printer.js';
import { RegionModel } from '../helpers/region-model.js';

interface Outcome {
  /** Kept bytes, or functions as lines of text. */
  readonly out: string;
  readonly lines: number;
  readonly tally: Record<string, number | string>;
  readonly judge: unknown;
  readonly tasks: readonly Pick<Task, 'tid' | 'lines'>[];
}

function tallyOf(tally: Tally): Record<string, number | string> {
  const { headers, markers, unparsed, losses, lostEvents, firstUnparsed, firstUnparsedLine } =
    tally;
  return { headers, markers, unparsed, losses, lostEvents, firstUnparsed, firstUnparsedLine };
}

function accountOf(judge: Judge): unknown {
  if (judge instanceof RegionJudge || judge instanceof RegionModel) {
    const { dropped, unattributed, resynchronised } = judge;
    return { dropped: [...dropped], unattributed, resynchronised };
  }
  return judge instanceof PublishedJudge ? judge.dropped : {};
}

function tasksOf(scanner: Scanner): Outcome['tasks'] {
  return scanner.tasks().map(({ tid, lines }) => ({ tid, lines }));
}

function strip(text: Buffer, cut: Cutter, judge: Judge): Outcome {
  const sink = new StripSink();
  const { scanner, out } = drive(text, judge, sink, cut);
  return {
    out: out.toString('latin1'),
    lines: scanner.lines,
    tally: tallyOf(sink.tally),
    judge: accountOf(judge),
    tasks: tasksOf(scanner),
  };
}

function names(text: Buffer, cut: Cutter, judge: Judge): Outcome {
  const sink = new NamesSink();
  const { scanner } = drive(text, judge, sink, cut);
  const lines = sink.functions().map(({ name, calls }) => `${calls} ${name}\n`);
  return {
    out: lines.join(''),
    lines: scanner.lines,
    tally: tallyOf(sink.tally),
    judge: accountOf(judge),
    tasks: tasksOf(scanner),
  };
}

function paths(text: Buffer, cut: Cutter, judge: Judge): Outcome {
  const sink = new PathsSink();
  const { scanner } = drive(text, judge, sink, cut);
  const lines = sink
    .functions()
    .map(({ name, calls, tids, path }) => `${calls} ${name} ${tids.join(',')} ${path.join(';')}\n`);
  return {
    out: lines.join(''),
    lines: scanner.lines,
    tally: tallyOf(sink.tally),
    judge: accountOf(judge),
    tasks: tasksOf(scanner),
  };
}

interface Model {
  readonly strip: Outcome;
  readonly names: Outcome;
  /** Undefined where tasks are told by switches only: test/functions/paths.test.ts has those. */
  readonly paths: Outcome | undefined;
}

/**
 * The naive model: splits into lines, parses each by the full grammar and asks the judge about each.
 * Returns what strip(), names() and paths() must.
 */
function model(text: Buffer, judge: Judge): Model {
  const line = new Line();
  const tally = {
    headers: 0,
    markers: 0,
    unparsed: 0,
    losses: 0,
    lostEvents: 0,
    firstUnparsed: '',
    firstUnparsedLine: 0,
  };
  const kept: string[] = [];
  const calls = new Map<string, { calls: number; tids: Set<number>; path: string[] }>();
  const stacks = new Map<number, string[]>();
  const tasks = new Map<number, number>();
  let refusesBare = false;
  let sawBare = false;
  let sawSwitch = false;
  let sawTaskless = false;
  let number = 0;

  /** Whether a path begins in a system call and has no gap. */
  const fromSyscall = (path: readonly string[]) =>
    !path.includes('?') && path.slice(0, 3).some((step) => syscallOf(step) !== undefined);

  const count = (name: string, tid: number, callers: readonly string[]) => {
    const path = [...callers, name];
    const entry = calls.get(name) ?? { calls: 0, tids: new Set<number>(), path };
    calls.set(name, entry);
    if (fromSyscall(path) && !(fromSyscall(entry.path) && entry.path.length <= path.length)) {
      entry.path = path;
    }
    entry.calls++;
    if (tid !== UNKNOWN) entry.tids.add(tid);
  };

  const whole = text.toString('latin1');
  for (let from = 0; from < whole.length; ) {
    const newline = whole.indexOf('\n', from);
    const next = newline < 0 ? whole.length : newline + 1;
    const raw = whole.slice(from, newline < 0 ? whole.length : newline);
    const verbatim = whole.slice(from, next);
    from = next;
    number++;

    const bare = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const bytes = new Uint8Array(bare.length + 16);
    bytes.set(Buffer.from(bare, 'latin1'));
    bytes[bare.length] = 0x0a;
    const view = new DataView(bytes.buffer);
    line.number = number;
    if (raw.length > MAX_LINE) line.kind = Kind.unparsed;
    else parseLine(bytes, 0, bare.length, line);
    const isJudged = line.kind >= Kind.open && line.kind <= Kind.call;
    if (isJudged && line.columns === 0 && refusesBare) line.kind = Kind.unparsed;
    else if (isJudged && line.columns === 0) sawBare = true;
    else if (isJudged) refusesBare = true;
    if (line.kind === Kind.unparsed && !sawBare) refusesBare = true;
    if (/^# tracer: /.test(bare)) refusesBare = false;

    switch (line.kind) {
      case Kind.unparsed:
        if (tally.unparsed++ === 0) {
          tally.firstUnparsedLine = number;
          tally.firstUnparsed = /^[^\r\n]{0,60}/.exec(raw)![0].replace(/[^ -~]/g, '?');
        }
        judge.note(line);
        continue;
      case Kind.header:
        tally.headers++;
        judge.note(line);
        continue;
      case Kind.lost:
        tally.losses++;
        tally.lostEvents += line.count;
        for (const stack of stacks.values()) stack.length = 0;
        judge.note(line);
        continue;
      case Kind.switch:
      case Kind.marker:
        sawSwitch ||= line.kind === Kind.switch;
        tally.markers++;
        judge.note(line);
        continue;
    }

    const { kind, context, depth, cpu, tid, nameFrom, nameTo } = line;
    sawTaskless ||= tid === UNKNOWN;
    tasks.set(tid, (tasks.get(tid) ?? 0) + 1);
    judge.head(cpu, tid);
    const name = bare.slice(nameFrom, nameTo);
    if (kind === Kind.call) {
      if (!judge.keepCall(view, line)) continue;
      kept.push(verbatim);
      const parent = bare.slice(line.parentFrom, line.parentTo);
      count(name, tid, parent === '' ? [] : ['?', parent]);
      continue;
    }
    if (!judge.keep(view, kind, context, depth, nameFrom, nameTo)) continue;
    kept.push(verbatim);
    if (kind === Kind.event) continue;
    const key = tid === UNKNOWN ? -2 - cpu : tid;
    const stack = stacks.get(key) ?? [];
    stacks.set(key, stack);
    stack.length = Math.min(stack.length, depth);
    if (kind === Kind.close) continue;
    while (stack.length < depth) stack.push('?');
    count(name, tid, stack);
    if (kind === Kind.open) stack.push(name);
  }

  const detail = ([name, e]: (typeof sorted)[number]) => {
    const path = e.path.filter((step, i) => step !== '?' || e.path[i - 1] !== '?');
    const tids = [...e.tids].sort((a, b) => a - b);
    return `${e.calls} ${name} ${tids.join(',')} ${path.join(';')}\n`;
  };
  const sorted = [...calls].sort(([a], [b]) => (a < b ? -1 : 1));
  const common = {
    lines: number,
    tally,
    judge: accountOf(judge),
    tasks: [...tasks].map(([tid, lines]) => ({ tid, lines })).sort((a, b) => a.tid - b.tid),
  };
  return {
    strip: { ...common, out: kept.join('') },
    names: { ...common, out: sorted.map(([n, e]) => `${e.calls} ${n}\n`).join('') },
    paths: sawSwitch && sawTaskless ? undefined : { ...common, out: sorted.map(detail).join('') },
  };
}

const SAMPLES = [
  'crun-node-express',
  'kata-node-express',
  'runc-node-express',
  'runnc-redis-test',
  'runsc-node-express',
].map((name) =>
  gunzipSync(readFileSync(`samples/${name}.trace.gz`))
    .toString('latin1')
    .split('\n'),
);

/** Pseudo-random numbers below n, the same for the same seed. */
function dice(seed: number): (n: number) => number {
  let state = (seed | 0) ^ 0x2545f491 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

const NAMES =
  `vfs_read ksys_read __x64_sys_read fput fget rb f finish_task_switch.isra.0 _raw_spin_lock
  a_name_of_more_than_sixty_four_characters_that_a_generator_of_code_has_made_up.constprop.0
  irq_enter_rcu irq_exit_rcu __sysvec_apic_timer_interrupt __common_interrupt idle_cpu do_IRQ do_nmi
  smp_apic_timer_interrupt smp_reschedule_interrupt __do_softirq handle_softirqs do_softirq.part.0
  __local_bh_enable_ip do_softirq_own_stack nmi_handle.part.0 gic_handle_irq irq_exit irq_enter
  generic_smp_call_function_single_interrupt irq_enter_rcux syscall_trace_enter $x 0xffffffff81000000
  irq_exit_rcu.isra.0.cold irq_enter_rcu.part irq_exit.cold.1 do_IRQ.llvm.123 __do_softirq.constprop.0.part.1`
    .trim()
    .split(/\s+/);

const TASKS: readonly (readonly [string, number])[] = [
  ['node', 218],
  ['node', 2180],
  ['<idle>', 0],
  ['kworker/u8:2', 53],
  ['(sd-pam)', 219],
  ['a b | -', 4194303],
  ['x=y =>z', 78],
  ['p => q', 79],
];

const CONTEXTS = ['...', 'd..', 'd.s', '.Ns', 'd.h', 'DpH', 'd.z', 'dnZ'];

/** A trace that is well-formed line by line; depths mostly fit, as in a trace that has lost a little. */
function* generate(seed: number, length: number, columns: Columns): Generator<string> {
  const die = dice(seed);
  const depths = new Map<string, number>();
  let cpu = 0;
  let task = TASKS[0];
  let flags = '...1';
  let time = 1_000_000;
  for (let i = 0; i < length; i++) {
    if (die(12) === 0) cpu = die(3) === 0 ? 128 : die(2);
    if (die(10) === 0) {
      const previous = task;
      task = TASKS[die(TASKS.length)];
      if (die(2) === 0 && previous !== task) {
        yield* printSwitch(cpu, previous.join('-'), task.join('-'));
      }
    }
    if (die(4) === 0) flags = `${CONTEXTS[die(CONTEXTS.length)]}${die(16).toString(16)}`;
    if (die(150) === 0) yield `CPU:${cpu} [LOST${die(2) === 0 ? ` ${die(99)}` : ''} EVENTS]`;
    time += die(5_000_000);
    const key = `${cpu} ${task[1]}`;
    let depth = depths.get(key) ?? die(4);
    if (die(40) === 0) depth = die(30);
    const module = die(8) === 0 ? ' [kvm]' : '';
    const name = NAMES[die(NAMES.length)] + module;
    const comment = die(12) === 0 ? ' /* <-caller+0x1/0x2 ret=-2 */' : '';
    const args = die(12) === 0 ? 'fd=3, t=(struct)[0x1]' : '';
    let body: string;
    let after = depth;
    const choice = die(10);
    if (choice < 3 && depth < 40) {
      body = `${name}(${args}) {${comment}`;
      after = depth + 1;
    } else if (choice < 6 || depth === 0) {
      body = `${name}(${args});${comment}`;
    } else if (choice === 6) {
      body = die(4) === 0 ? '/* a_note: x=1 */' : `${name}();`;
    } else {
      depth--;
      after = depth;
      body = die(3) === 0 ? `} /* ${name} */` : '}';
    }
    depths.set(key, after);
    const duration = body.endsWith('{')
      ? undefined
      : die(3) === 0
        ? die(2_000_000_000)
        : die(9_000);
    yield printLine(
      { cpu, comm: task[0], tid: task[1], flags, depth, duration, time, body },
      columns,
    );
  }
}

/** Lines that are none, or nearly one. */
function* junk(seed: number, length: number): Generator<string> {
  const die = dice(seed);
  for (let i = 0; i < length; i++) {
    switch (die(12)) {
      case 0:
        yield '';
        break;
      case 1:
        yield '\0'.repeat(1 + die(40));
        break;
      case 2:
        yield Buffer.from(Array.from({ length: die(80) }, () => die(256)))
          .toString('latin1')
          .replace(/\n/g, 'n');
        break;
      case 3:
        yield ' 0)    node-218    |   half_a_na';
        break;
      case 4:
        yield ` 0)    node-218    |   na\0me();`;
        break;
      case 5:
        yield ` 0)    node-218    | ${' '.repeat(die(9))}${NAMES[die(NAMES.length)]}() {`;
        break;
      case 6:
        yield '  vfs_read();';
        break;
      case 7:
        yield ` 0)    node-218    |   ${'x'.repeat(die(3000))}();`;
        break;
      case 8:
        yield `# ${die(99)} comment`;
        break;
      case 9:
        yield ` 1)    node-218    |   caf\u00e9();`;
        break;
      case 10:
        yield '            node-218   [001] d.h2. 17284.993652: sys_close <-do_syscall_64';
        break;
      default:
        yield ` ${'-'.repeat(die(50))}${die(3) === 0 ? ' ' : ''}`;
    }
  }
}

const ALL_COLUMNS = [...allColumns()];

const segment = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        sample: fc.nat(SAMPLES.length - 1),
        from: fc.nat(100_000),
        length: fc.nat(1_200),
      })
      .map(({ sample, from, length }) => SAMPLES[sample].slice(from, from + length)),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ seed: fc.integer(), length: fc.nat(400), columns: fc.constantFrom(...ALL_COLUMNS) })
      .map(({ seed, length, columns }) => [...generate(seed, length, columns)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ seed: fc.integer(), length: fc.nat(12) })
      .map(({ seed, length }) => [...junk(seed, length)]),
  },
);

const trace = fc
  .record({
    segments: fc.array(segment, { minLength: 1, maxLength: 6 }),
    crlf: fc.boolean(),
    ended: fc.boolean(),
  })
  .map(({ segments, crlf, ended }) => {
    const end = crlf ? '\r\n' : '\n';
    return segments.flat().join(end) + (ended ? end : '');
  });

/** A trace of one form throughout, like those a kernel writes. */
const pureTrace = fc
  .record({ seed: fc.integer(), length: fc.nat(600), columns: fc.constantFrom(...ALL_COLUMNS) })
  .map(({ seed, length, columns }) => `${[...generate(seed, length, columns)].join('\n')}\n`);

const sizes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
  fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 }),
  fc.constant([65_536]),
  fc.constant([7]),
);

const policy: fc.Arbitrary<Policy> = fc.record({
  softirq: fc.constantFrom('drop', 'keep-own', 'keep'),
  unknown: fc.constantFrom('drop', 'keep'),
  tids: fc.constantFrom(undefined, new Set([218, 479, 739]), new Set([2180, 0])),
});

/** Makers of a judge, a fresh one for each run, and of the one that the naive model asks. */
interface Makers {
  readonly judge: () => Judge;
  readonly model: () => Judge;
}

const regions = (policy: Policy): Makers => ({
  judge: () => new RegionJudge(policy),
  model: () => new RegionModel(policy),
});

const judges: fc.Arbitrary<Makers> = fc.oneof(
  { weight: 4, arbitrary: policy.map(regions) },
  {
    weight: 1,
    arbitrary: policy.map(({ tids }) => {
      const judge = () => new PublishedJudge(tids);
      return { judge, model: judge };
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ judge: () => new KeepAll(), model: () => new KeepAll() }),
  },
);

const RUNS = { numRuns: Number(process.env.RUNS ?? 40), endOnFailure: true };

/** Throws with the first line at which two outcomes differ: whole ones are too long to read. */
function same(what: string, got: Outcome, want: Outcome): void {
  if (got.out !== want.out) {
    const a = got.out.split('\n');
    const b = want.out.split('\n');
    const i = a.findIndex((line, n) => line !== b[n]);
    throw new Error(`${what}: line ${i + 1}: ${JSON.stringify(a[i])}, not ${JSON.stringify(b[i])}`);
  }
  const { out: _a, tasks: _c, ...rest } = got;
  const { out: _b, tasks: _d, ...wanted } = want;
  if (JSON.stringify(rest) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: ${JSON.stringify(rest)}, not ${JSON.stringify(wanted)}`);
  }
}

/** The tasks of an outcome, as text. */
function tasks({ tasks }: Outcome): string {
  return tasks.map(({ tid, lines }) => `${tid}: ${lines}`).join(', ');
}

/** published.test.ts has what the published judge makes of a last line without an end. */
function ended(text: string, make: Makers): string {
  return make.judge() instanceof PublishedJudge && !text.endsWith('\n') ? `${text}\n` : text;
}

/** Runs a check; when it fails, on fewer and fewer lines of the text, to fail with those that matter. */
function onFewLines(text: string, check: (text: Buffer) => void): void {
  const failure = (lines: readonly string[]): Error | undefined => {
    try {
      check(Buffer.from(lines.join(''), 'latin1'));
      return undefined;
    } catch (error) {
      return error as Error;
    }
  };
  let lines = text.split(/(?<=\n)/);
  let error = failure(lines);
  if (error === undefined) return;
  for (let size = lines.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < lines.length; ) {
      const fewer = [...lines.slice(0, at), ...lines.slice(at + size)];
      const same = failure(fewer);
      if (same === undefined) at += size;
      else [lines, error] = [fewer, same];
    }
  }
  throw new Error(`${error.message}\nwith ${JSON.stringify(lines, null, 1)}`);
}

t.test('any chunking gives the same', (t) => {
  fc.assert(
    fc.property(trace, sizes, judges, (text, chunks, make) => {
      onFewLines(ended(text, make), (text) => {
        for (const [what, by] of Object.entries({ strip, names, paths })) {
          const name = `${what} in chunks of ${chunks}`;
          same(name, by(text, cutter(chunks), make.judge()), by(text, WHOLE, make.judge()));
        }
      });
    }),
    RUNS,
  );
  t.pass('stripped text, names and paths, with all their accounts');
  t.end();
});

t.test('a short trace in chunks of every size', (t) => {
  const text = Buffer.from(
    `${[...generate(7, 40, ALL_COLUMNS[12]), ...junk(3, 12), ...SAMPLES[1].slice(20, 60)].join('\n')}`,
    'latin1',
  );
  const make = () => new RegionJudge({ softirq: 'keep-own', unknown: 'keep', tids: undefined });
  for (let size = 1; size < 80; size++) {
    same(
      `strip by ${size}`,
      strip(text, () => size, make()),
      strip(text, WHOLE, make()),
    );
    same(
      `paths by ${size}`,
      paths(text, () => size, make()),
      paths(text, WHOLE, make()),
    );
  }
  t.pass('all alike');
  t.end();
});

t.test('both lanes give what the grammar gives line by line', (t) => {
  fc.assert(
    fc.property(fc.oneof(trace, pureTrace, pureTrace), sizes, judges, (text, chunks, make) => {
      onFewLines(ended(text, make), (text) => {
        const want = model(text, make.model());
        same('strip', strip(text, cutter(chunks), make.judge()), want.strip);
        same('names', names(text, cutter(chunks), make.judge()), want.names);
        if (want.paths) same('paths', paths(text, cutter(chunks), make.judge()), want.paths);
      });
    }),
    RUNS,
  );
  t.pass('stripped text, names and paths, with all their accounts');
  t.end();
});

/** Lines of a few tasks, all with a clock or flags or neither, with a byte of some of them changed. */
function* damaged(seed: number, length: number): Generator<string> {
  const die = dice(seed);
  const hasClock = die(2) === 0;
  const hasFlags = die(3) > 0;
  const bytes = [' ', '(', ')', ';', '{', '}', '.', '\0', '|', 'x', '\u00e9', '/', '7', 'h'];
  const bodies = ['fput();', 'vfs_read() {', '}', '} /* vfs_read */', 'vma_lookup.isra.0();'];
  let time = 99_999_000;
  for (let i = 0; i < length; i++) {
    const name = die(9) === 0 ? 'x'.repeat(26 + die(26)) : NAMES[die(NAMES.length)];
    const body =
      die(4) === 0 ? `${name}${die(2) === 0 ? '();' : '() {'}` : bodies[die(bodies.length)];
    time += die(400);
    const clock = `${(time / 1e6).toFixed(6).padStart(12)} |  `;
    const flags = ` ${die(9) === 0 ? 'd.h1.' : die(2) === 0 ? '...1.' : 'dN.2.'} | `;
    const line = [
      hasClock ? clock : '',
      ` ${die(20) === 0 ? 1 : 0})   node-218    | `,
      hasFlags ? flags : '',
      `  ${'  '.repeat(die(5) ** 2)}${body}`,
    ].join('');
    if (die(6) > 0) {
      yield line;
      continue;
    }
    const at = die(line.length);
    yield line.slice(0, at) +
      (die(3) === 0 ? '' : bytes[die(bytes.length)]) +
      line.slice(at + die(2));
  }
}

t.test('lines that differ from known ones by a byte', (t) => {
  const text = fc
    .record({ seed: fc.integer(), length: fc.nat(900) })
    .map(({ seed, length }) => `${[...damaged(seed, length)].join('\n')}\n`);
  fc.assert(
    fc.property(text, sizes, judges, (text, chunks, make) => {
      onFewLines(text, (text) => {
        const want = model(text, make.model());
        same('strip', strip(text, cutter(chunks), make.judge()), want.strip);
        same('names', names(text, cutter(chunks), make.judge()), want.names);
      });
    }),
    RUNS,
  );
  t.pass('none of them is taken for a known one');
  t.end();
});

t.test('a column of NULs is no column of flags', (t) => {
  const line = (flags: string) => ` 0)    node-218    | ${flags} |   fput();\n`;
  const good = line(' ...1.').repeat(3);
  const text = Buffer.from(
    `${good}${line('\0'.repeat(6)).replace('\0 |', '\0\0\0')}${good}`,
    'latin1',
  );
  for (const make of [
    () => new KeepAll(),
    () => new RegionJudge({ softirq: 'drop', unknown: 'drop', tids: undefined }),
  ]) {
    const { out, tally } = strip(text, WHOLE, make());
    t.equal(out, good + good);
    t.match(tally, { unparsed: 1, firstUnparsedLine: 4 });
  }
  t.end();
});

t.test('more bodies than are known, each more than once', (t) => {
  const lines = Array.from({ length: 3 * MAX_BODIES }, (_, i) => {
    const name = `f${(i * 7919) % (2 * MAX_BODIES)}${'_of_no_use'.repeat(i % 4)}`;
    return ` 0)   node-218    |   ${name}${i % 3 === 0 ? '();' : '() {\n 0)   node-218    |   }'}\n`;
  });
  const text = Buffer.from(lines.join(''), 'latin1');
  for (const make of [
    () => new KeepAll(),
    () => new RegionJudge({ softirq: 'drop', unknown: 'drop', tids: undefined }),
  ]) {
    const want = model(text, new KeepAll());
    t.equal(strip(text, WHOLE, make()).out, want.strip.out);
    t.equal(names(text, WHOLE, make()).out, want.names.out);
  }
  t.end();
});

t.test('the lines of each task, by any sink and any chunking', (t) => {
  fc.assert(
    fc.property(fc.oneof(trace, pureTrace), sizes, judges, (text, chunks, make) => {
      onFewLines(text, (text) => {
        const want = tasks(model(text, make.model()).strip);
        for (const [what, by] of Object.entries({ strip, names, paths })) {
          const got = tasks(by(text, cutter(chunks), make.judge()));
          if (got !== want) throw new Error(`${what} in chunks of ${chunks}: ${got}, not ${want}`);
        }
      });
    }),
    RUNS,
  );
  t.pass('the same');
  t.end();
});

t.test('every combination of columns through both lanes', (t) => {
  for (const [n, columns] of ALL_COLUMNS.entries()) {
    const text = `${[...generate(n + 1, 500, columns)].join('\n')}\n`;
    const make = regions({ softirq: 'keep-own', unknown: 'keep', tids: undefined });
    t.doesNotThrow(() => {
      onFewLines(text, (text) => {
        const want = model(text, make.model());
        same('strip', strip(text, WHOLE, make.judge()), want.strip);
        same('names', names(text, WHOLE, make.judge()), want.names);
        if (want.paths) same('paths', paths(text, WHOLE, make.judge()), want.paths);
      });
    }, JSON.stringify(columns));
  }
  t.end();
});

t.test('whole samples through both lanes', (t) => {
  for (const lines of SAMPLES) {
    const text = Buffer.from(lines.join('\n'), 'latin1');
    const { judge, model: asked } = regions({ softirq: 'drop', unknown: 'drop', tids: undefined });
    const want = model(text, asked());
    t.doesNotThrow(() => same('strip', strip(text, cutter([65_536]), judge()), want.strip));
    t.doesNotThrow(() => same('names', names(text, cutter([65_536]), judge()), want.names));
    t.doesNotThrow(() => same('paths', paths(text, cutter([65_536]), judge()), want.paths!));
  }
  t.end();
});

/** Both lanes against the model, under each policy. */
function throughBothLanes(
  t: { doesNotThrow(check: () => void, name: string): unknown },
  text: string,
): void {
  for (const softirq of ['drop', 'keep-own', 'keep'] as const) {
    for (const unknown of ['drop', 'keep'] as const) {
      const make = regions({ softirq, unknown, tids: undefined });
      const want = model(Buffer.from(text, 'latin1'), make.model());
      t.doesNotThrow(
        () => same('strip', strip(Buffer.from(text), WHOLE, make.judge()), want.strip),
        `--softirq ${softirq} --unknown ${unknown}`,
      );
    }
  }
}

t.test('more CPUs, and more tasks, than are told apart', (t) => {
  const die = dice(5);
  for (const column of ['cpu', 'proc'] as const) {
    const columns = { ...ALL_COLUMNS[0], cpu: column === 'cpu', proc: true, flags: 0 } as const;
    const lines: string[] = [];
    for (let i = 0; i < 3 * MAX_STATES; i++) {
      const n = i % 5 === 0 ? die(8) : i % (MAX_STATES + 300);
      const [cpu, tid] = column === 'cpu' ? [n, 218] : [0, n];
      const body = ['vfs_read() {', 'do_IRQ() {', 'fput();', '}'][die(4)];
      lines.push(printLine({ cpu, comm: 'node', tid, depth: die(2), body }, columns));
      if (i % 1000 === 7) lines.push(...printSwitch(i % 20_000, 'node-218', 'node-219'));
    }
    throughBothLanes(t, `${lines.join('\n')}\n`);
  }
  t.end();
});

t.test('more regions in one another than are told apart', (t) => {
  for (const flags of [0, 5] as const) {
    const columns = { ...ALL_COLUMNS[0], cpu: true, proc: true, flags };
    const lines: string[] = [];
    const line = (depth: number, body: string) => {
      const at = { cpu: 0, comm: 'node', tid: 218, flags: '....1', depth, body };
      lines.push(printLine(at, columns));
    };
    line(0, 'sys_read() {');
    for (let depth = 1; depth < MAX_REGIONS + 20; depth++) {
      line(depth, depth % 3 === 0 ? '__do_softirq() {' : 'do_softirq() {');
      line(depth + 1, 'fget();');
    }
    for (let depth = MAX_REGIONS + 20; depth-- > 0; ) {
      line(depth + 1, 'fput();');
      line(depth, '}');
    }
    throughBothLanes(t, `${lines.join('\n')}\n`);
  }
  t.end();
});

const BEFORE = ' 0)    node-218    | before();\n';
const AFTER = ' 0)    node-218    | after();\n';

t.test('a switch of tasks too long to be one', (t) => {
  for (const blanks of [MAX_LINE - 40, MAX_LINE + 1]) {
    const long = ` 0)    node-218    =>    node-255   ${' '.repeat(blanks)}`;
    throughBothLanes(t, `${BEFORE}${long}\n${BEFORE}`);
  }
  t.end();
});

/** Long texts are told by their length and the lines they begin with. */
function brief(text: string): string {
  return text.replace(/[^\n]{100,}/g, (long) => `${long.slice(0, 20)}... of ${long.length} bytes`);
}

/** What becomes of overlong lines between short ones, where it is not what must. */
function* overlong(fill: (length: number) => string): Generator<string> {
  for (const length of [MAX_LINE + 1, MAX_LINE + 2, 70_000, 200_000, 330_000, 1_000_000]) {
    for (const end of ['\n', '\r\n']) {
      const text = Buffer.from(`${BEFORE}${fill(length)}${end}${AFTER}`.repeat(2), 'latin1');
      for (const chunks of [[1_000], [65_536], [65_537, 3], [262_144], [MAX_LINE, 1], [1e9]]) {
        const { out, lines, tally } = strip(text, cutter(chunks), new KeepAll());
        if (out === (BEFORE + AFTER).repeat(2) && lines === 6 && tally.unparsed === 2) continue;
        yield `${length} bytes in chunks of ${chunks}: ${lines} lines, ${tally.unparsed} unparsed: ${brief(out)}`;
      }
    }
  }
}

t.test('a line too long to be held is counted once, and its neighbours survive', (t) => {
  const fillers: Record<string, (length: number) => string> = {
    letters: (n) => 'x'.repeat(n),
    'carriage returns': (n) => '\r'.repeat(n),
    NULs: (n) => '\0'.repeat(n),
    blanks: (n) => ' '.repeat(n),
    rules: (n) => '-'.repeat(n),
    'a head and no end': (n) => ' 0)    node-218    | '.padEnd(n, 'x'),
    'an event': (n) => `${' 0)    node-218    | /* '.padEnd(n - 3, 'x')} */`,
  };
  for (const [what, fill] of Object.entries(fillers)) {
    t.same([...overlong(fill)].slice(0, 3), [], what);
  }
  t.end();
});

t.test('the same of a line that is well-formed', (t) => {
  const wrong = [...overlong((n) => `${' 0)    node-218    | '.padEnd(n - 3, 'x')}();`)];
  t.same(wrong.slice(0, 3), [], `${wrong.length} wrong`);
  t.end();
});

t.test('the longest line that is held', (t) => {
  const long = `${' 0)    node-218    | '}${'x'.repeat(MAX_LINE - 24)}();`;
  t.equal(long.length, MAX_LINE);
  const text = Buffer.from(`${BEFORE}${long}\n${AFTER}`, 'latin1');
  for (const chunks of [[1_000], [65_536], [MAX_LINE + BEFORE.length], [262_144], [1e9]]) {
    t.equal(strip(text, cutter(chunks), new KeepAll()).out, text.toString('latin1'));
  }
  t.end();
});

t.test('an overlong last line without an end', (t) => {
  const text = Buffer.from(BEFORE + 'x'.repeat(300_000), 'latin1');
  for (const chunks of [[1_000], [65_536], [262_144], [1e9]]) {
    const { out, lines, tally } = strip(text, cutter(chunks), new KeepAll());
    t.same({ out, lines, unparsed: tally.unparsed }, { out: BEFORE, lines: 2, unparsed: 1 });
  }
  t.end();
});

t.test('what is said of an overlong line does not depend on the chunks', (t) => {
  const text = Buffer.from(`${BEFORE}${'x'.repeat(70_000)}\n${AFTER}`, 'latin1');
  const whole = strip(text, WHOLE, new KeepAll()).tally;
  t.equal(whole.firstUnparsed, 'x'.repeat(60));
  for (const chunks of [[1_000], [65_536], [MAX_LINE, 1]]) {
    t.same(strip(text, cutter(chunks), new KeepAll()).tally, whole, `in chunks of ${chunks}`);
  }
  t.end();
});

t.test('memory stays flat', (t) => {
  const sink = new StripSink();
  const scanner = new Scanner(
    new RegionJudge({ softirq: 'drop', unknown: 'drop', tids: undefined }),
    sink,
  );
  const feed = new Feed(scanner, sink);
  const buffer = feed.bytes.buffer;
  t.ok(buffer.byteLength < 40_000_000, `${buffer.byteLength} bytes of buffer`);
  const before = process.memoryUsage().rss;
  const total = 300_000_000;
  for (let done = 0; done < total; ) {
    const count = Math.min(feed.room, 65_536);
    feed.bytes.fill(0x78, feed.offset, feed.offset + count);
    feed.take(count);
    feed.shift();
    done += count;
  }
  // And a hundred thousand tasks, each with a line of its own.
  for (let tid = 0; tid < 100_000; tid++) {
    const text = Buffer.from(` 0)   n-${String(tid).padEnd(12)} | f();\n`);
    text.copy(feed.bytes, feed.offset);
    feed.take(text.length);
    feed.shift();
  }
  feed.finish();
  const grown = (process.memoryUsage().rss - before) / 1e6;
  t.ok(grown < 80, `${grown.toFixed(1)} MB more than before`);
  t.equal(feed.bytes.buffer, buffer, 'the buffer is the same');
  t.equal(
    scanner.lines,
    100_000,
    'the long line and the tasks but the one whose line it swallowed',
  );
  t.end();
});
