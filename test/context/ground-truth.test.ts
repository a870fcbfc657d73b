import t from 'tap';
import { decodePages, type RawEvent, symbolFinder } from '../helpers/raw-pages.js';
import { readTrace, skipWithoutTraces } from '../helpers/traces.js';
import { DROP_ALL, judgeText } from '../helpers/verdicts.js';

/** One function line, read by a pattern of this test's own. */
interface Plain {
  readonly index: number;
  readonly cpu: number;
  readonly tid: number;
  readonly flag: string;
  readonly depth: number;
  readonly body: string;
}

const LINE = /^ (\d+)\) +.{1,7}-(\d+) +\| (?: [dDbX.][NnpBLbl.]([ZzHhs.])\S+ \| )?( *)(\S.*)$/;

function read(lines: readonly string[]): Plain[] {
  const plain: Plain[] = [];
  for (const [index, text] of lines.entries()) {
    const m = LINE.exec(text);
    if (m === null) continue;
    plain.push({
      index,
      cpu: Number(m[1]),
      tid: Number(m[2]),
      flag: m[3] ?? '',
      depth: m[4].length / 2,
      body: m[5],
    });
  }
  return plain;
}

const nameOf = (body: string) => /^[^ (]+/.exec(body)![0];

/** What the flags leave open, where the trace shows no irq_exit_rcu: its callees behind an interrupt. */
const TAILS = new Set([
  'idle_cpu',
  'tick_nohz_irq_exit',
  '__kthread_should_park',
  'handle_softirqs',
]);

/**
 * The kernel's judgement, by index of line: the flag at a function's entry decides for its entry and
 * return, and the lines flags leave open (irq_enter_rcu, irq_exit_rcu with all it calls, and in a trace
 * without irq_exit_rcu the same callees directly behind an irq_enter_rcu at its depth) are interrupts.
 */
function kernelJudgement(
  plain: readonly Plain[],
  flagOf: (line: Plain) => string,
): Map<number, boolean> {
  const own = new Map<number, boolean>();
  const open = new Map<number, { verdicts: boolean[]; tid: number }>();
  const exitUntil = new Map<number, number>();
  const behind = new Map<number, Set<number>>();
  for (const line of plain) {
    let cpu = open.get(line.cpu);
    if (cpu === undefined || cpu.tid !== line.tid) {
      cpu = { verdicts: [], tid: line.tid };
      open.set(line.cpu, cpu);
      exitUntil.delete(line.cpu);
      behind.set(line.cpu, new Set());
    }
    // The depths at which an interrupt's entry has been seen and nothing else of the task's since.
    const entries = behind.get(line.cpu)!;
    for (const depth of entries) if (depth > line.depth) entries.delete(depth);
    const flag = flagOf(line);
    const inTaskContext = flag === '.';
    const isReturn = line.body.startsWith('}');
    const exitDepth = exitUntil.get(line.cpu);
    let verdict = inTaskContext;
    if (isReturn) {
      verdict = cpu.verdicts[line.depth] ?? inTaskContext;
      delete cpu.verdicts[line.depth];
      if (exitDepth === line.depth) exitUntil.delete(line.cpu);
    } else {
      const name = nameOf(line.body);
      if (exitDepth !== undefined && line.depth > exitDepth) verdict = false;
      if (name === 'irq_enter_rcu') {
        verdict = false;
        entries.add(line.depth);
      } else if (entries.has(line.depth) && flag !== 'h' && flag !== 'H') {
        if (TAILS.has(name)) verdict = false;
        else entries.delete(line.depth);
      }
      if (name === 'irq_exit_rcu') {
        verdict = false;
        entries.delete(line.depth);
        if (line.body.endsWith('{') && exitDepth === undefined) {
          exitUntil.set(line.cpu, line.depth);
        }
      }
      if (line.body.endsWith('{')) cpu.verdicts[line.depth] = verdict;
    }
    own.set(line.index, verdict);
  }
  return own;
}

interface Score {
  readonly lines: number;
  readonly agreeing: number;
  readonly precision: number;
  readonly recall: number;
  readonly disagreements: string[];
}

function score(
  plain: readonly Plain[],
  truth: ReadonlyMap<number, boolean>,
  kept: Int8Array,
  tids: ReadonlySet<number>,
): Score {
  const names = { ours: new Set<string>(), kernel: new Set<string>() };
  const disagreements: string[] = [];
  let lines = 0;
  let agreeing = 0;
  for (const line of plain) {
    if (!tids.has(line.tid)) continue;
    const kernel = truth.get(line.index)!;
    const ours = kept[line.index] === 1;
    lines++;
    if (ours === kernel) agreeing++;
    else {
      disagreements.push(
        `line ${line.index + 1}: kernel ${kernel ? 'keeps' : 'drops'}: cpu ${line.cpu} tid ${line.tid} depth ${line.depth} ${line.body}`,
      );
    }
    if (line.body.startsWith('}')) continue;
    if (ours) names.ours.add(nameOf(line.body));
    if (kernel) names.kernel.add(nameOf(line.body));
  }
  const both = [...names.ours].filter((n) => names.kernel.has(n)).length;
  for (const n of names.ours) if (!names.kernel.has(n)) disagreements.push(`name only ours: ${n}`);
  for (const n of names.kernel) if (!names.ours.has(n)) disagreements.push(`name missed: ${n}`);
  return {
    lines,
    agreeing,
    precision: both / names.ours.size,
    recall: both / names.kernel.size,
    disagreements,
  };
}

function show(t: { comment(text: string): void }, title: string, s: Score): void {
  t.comment(
    `${title}: names precision ${s.precision.toFixed(4)} recall ${s.recall.toFixed(4)}, ` +
      `lines ${s.agreeing} of ${s.lines} (${((100 * s.agreeing) / s.lines).toFixed(4)} %), ` +
      `${s.disagreements.length} disagreements`,
  );
  for (const d of s.disagreements) t.comment(d);
}

t.test(
  'text without flags against the raw pages of the same run',
  { skip: skipWithoutTraces },
  (t) => {
    const text = readTrace('runc-node-express.linux-6.1.trace');
    const traceable = new Set(
      readTrace('linux-6.1.available_filter_functions')
        .toString()
        .split('\n')
        .map((l) => l.split(' ')[0]),
    );
    const symbol = symbolFinder(readTrace('linux-6.1.kallsyms').toString(), traceable);
    const events = [0, 1].map((cpu) =>
      decodePages(readTrace(`runc-node-express.linux-6.1.cpu${cpu}.raw`), cpu, symbol),
    );
    const { kept, lines } = judgeText(text);
    const plain = read(lines);

    // Each line is one event of its CPU, a leaf two: the flags of the first are those of the entry.
    const next = [0, 0];
    const eventOf = new Map<number, RawEvent>();
    let mismatches = 0;
    for (const line of plain) {
      const event = events[line.cpu][next[line.cpu]];
      next[line.cpu] += line.body.endsWith('();') ? 2 : 1;
      const isReturn = line.body.startsWith('}');
      const same =
        event !== undefined &&
        event.tid === line.tid &&
        event.depth === line.depth &&
        event.isEntry === !isReturn &&
        (isReturn || event.name === nameOf(line.body));
      if (!same) mismatches++;
      eventOf.set(line.index, event);
    }
    t.equal(mismatches, 0, 'every line of the text is the event of the record');
    t.same(
      next,
      events.map((e) => e.length),
      'and every event is in the text',
    );

    const flagOf = (line: Plain) => {
      const e = eventOf.get(line.index)!;
      return e.nmi ? 'z' : e.hardirq ? 'h' : e.softirq ? 's' : '.';
    };
    const container = new Set([218, 255, 256, 257, 258]);
    const s = score(plain, kernelJudgement(plain, flagOf), kept, container);
    show(t, 'runc, flags from the raw pages', s);
    t.ok(s.lines > 300_000, 'the container has hundreds of thousands of lines');
    t.ok(s.precision >= 0.995, 'precision of names');
    t.ok(s.recall >= 0.995, 'recall of names');
    t.ok(s.agreeing / s.lines >= 0.999, 'lines judged as by the kernel');

    // The flags alone, without any rule of ours for the lines that they leave open.
    const bare = new Map<number, boolean>();
    for (const line of plain) bare.set(line.index, flagOf(line) === '.');
    const b = score(plain, bare, kept, container);
    t.comment(
      `by the flags alone: precision ${b.precision.toFixed(4)} recall ${b.recall.toFixed(4)}`,
    );
    for (const d of b.disagreements.filter((d) => d.startsWith('name'))) t.comment(d);
    t.ok(b.precision >= 0.995 && b.recall >= 0.995, 'names agree with the flags alone, too');
    t.end();
  },
);

for (const [name, tids] of [
  ['runc-node-express.linux-6.1.flags.trace', undefined],
  ['kata-node-express.linux-6.1.flags.trace', undefined],
  ['runnc-redis-test.linux-6.1.flags.trace', undefined],
] as const) {
  t.test(name, { skip: skipWithoutTraces }, (t) => {
    const text = readTrace(name);
    const flagged = judgeText(text);
    const plain = read(flagged.lines);
    const wanted = tids ?? new Set(plain.map((line) => line.tid));
    const truth = kernelJudgement(plain, (line) => line.flag);
    const exact = score(plain, truth, flagged.kept, wanted);
    show(t, 'with flags', exact);
    t.equal(exact.disagreements.length, 0, 'with flags: exactly the kernel');

    const without = Buffer.from(
      text.toString('latin1').replace(/^( \d+\) .{14,18} \| ) [dDbX.]\S{3,4} \| /gm, '$1'),
      'latin1',
    );
    t.ok(without.length < text.length - 8 * plain.length, 'the flags column is gone');
    const blind = judgeText(without, DROP_ALL);
    const s = score(plain, truth, blind.kept, wanted);
    show(t, 'flags column removed', s);
    t.ok(s.precision >= 0.995, 'precision of names');
    t.ok(s.recall >= 0.995, 'recall of names');
    t.ok(s.agreeing / s.lines >= 0.999, 'lines judged as by the kernel');
    t.end();
  });
}
