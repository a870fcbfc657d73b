import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { RegionJudge } from '../../src/context/regions.js';
import { NamesSink } from '../../src/functions/names.js';
import { type Cut, clockOf, hasClock, MAX_WINDOWS, Windows } from '../../src/functions/windows.js';
import { Feed } from '../../src/trace/feed.js';
import { Scanner } from '../../src/trace/scan.js';
import { SAMPLES } from '../helpers/run.js';

const policy = { softirq: 'drop', unknown: 'drop', tids: undefined } as const;

const HEAD = ' 0)    node-218    | ';

function sample(i: number, lines: number): string[] {
  const text = gunzipSync(readFileSync(SAMPLES[i].trace)).toString('latin1');
  return text.split('\n').slice(0, lines);
}

const bytesOf = (lines: readonly string[]) =>
  Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');

function windowsOf(bytes: Uint8Array, cut: Cut, chunks: readonly number[] = [65_536]): string[][] {
  const windows = new Windows(new RegionJudge(policy), cut);
  for (let from = 0, i = 0; from < bytes.length; i++) {
    const to = from + chunks[i % chunks.length];
    windows.take(bytes.subarray(from, to));
    from = to;
  }
  return windows.end();
}

/** The calls of each function in a trace, by the scanner alone. */
function callsIn(lines: readonly string[]): Map<string, number> {
  const sink = new NamesSink();
  const feed = new Feed(new Scanner(new RegionJudge(policy), sink), sink);
  const bytes = bytesOf(lines);
  for (let from = 0; from < bytes.length; ) {
    const part = bytes.subarray(from, from + feed.room);
    feed.bytes.set(part, feed.offset);
    feed.take(part.length);
    feed.shift();
    from += part.length;
  }
  feed.finish();
  return new Map(sink.functions().map(({ name, calls }) => [name, calls]));
}

/** Windows that end before these lines, by reading the trace up to each of them anew. */
function model(lines: readonly string[], ends: readonly number[]): string[][] {
  let before = new Map<string, number>();
  return ends.map((end) => {
    const calls = callsIn(lines.slice(0, end));
    const entered = [...calls].filter(([name, count]) => count > (before.get(name) ?? 0));
    before = calls;
    return entered.map(([name]) => name).sort();
  });
}

t.test('windows of lines are what whole readings differ by', (t) => {
  for (const [i, { name }] of SAMPLES.entries()) {
    const lines = sample(i, 8000);
    const windows = windowsOf(bytesOf(lines), { by: 'lines', length: 2000 });
    t.same(windows, model(lines, [2000, 4000, 6000, 8000]), name);
    t.ok(windows.every((window) => window.length > 20));
    const all = [...new Set(windows.flat())].sort();
    t.same(all, [...callsIn(lines).keys()].sort(), 'together they are the list');
  }
  t.end();
});

t.test('parts of a trace that are no whole number of lines', (t) => {
  const lines = sample(0, 1000);
  t.same(
    windowsOf(bytesOf(lines), { by: 'lines', length: 1000 / 3 }),
    model(lines, [334, 667, 1000]),
  );
  t.equal(windowsOf(bytesOf(lines), { by: 'lines', length: 1000 / 20 }).length, 20);
  t.equal(windowsOf(bytesOf(lines), { by: 'lines', length: 5000 }).length, 1);
  t.end();
});

t.test('however the trace comes', (t) => {
  const bytes = bytesOf(sample(3, 3000));
  const cut = { by: 'lines', length: 700 } as const;
  const whole = windowsOf(bytes, cut);
  t.equal(whole.length, 5);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 }), (chunks) => {
      t.same(windowsOf(bytes, cut, chunks), whole);
    }),
    { numRuns: 30 },
  );
  t.same(windowsOf(bytes.subarray(0, -1), cut), whole, 'a last line without its end');
  t.end();
});

t.test('a line that is too long to be one', (t) => {
  const lines = sample(0, 300);
  const long = [...lines.slice(0, 150), 'x'.repeat(400_000), ...lines.slice(150)];
  for (const chunk of [1000, 65_536, 1 << 20]) {
    const windows = windowsOf(bytesOf(long), { by: 'lines', length: 7 }, [chunk]);
    const ends = Array.from({ length: 43 }, (_, i) => 7 * (i + 1));
    t.same(windows, model(long, ends), `it is one line, in pieces of ${chunk}`);
  }
  t.end();
});

t.test('a last line without its end may be a window', (t) => {
  const bytes = Buffer.from(`${HEAD}f();\n${HEAD}g();\n${HEAD}h();`);
  t.same(windowsOf(bytes, { by: 'lines', length: 1 }), [['f'], ['g'], ['h']]);
  t.end();
});

t.test('nothing', (t) => {
  t.same(windowsOf(Buffer.alloc(0), { by: 'lines', length: 5 }), [[]]);
  t.end();
});

t.test('windows of the clock', (t) => {
  const at = (time: string, body: string) => `  ${time} |  ${HEAD}${body}`;
  const lines = [
    '# tracer: function_graph',
    at('148.943278', 'vfs_read() {'),
    at('148.943280', '  fput();'),
    `${HEAD}  a_line_without_clock();`,
    at('149.443277', '}'),
    at('149.443278', 'vfs_write();'),
    at('149.443279', 'vfs_read();'),
    at('149.100000', 'a_clock_that_goes_back();'),
    at('152.000000', 'late();'),
  ];
  const windows = windowsOf(bytesOf(lines), { by: 'clock', length: 0.5 });
  t.same(windows, [
    ['a_line_without_clock', 'fput', 'vfs_read'],
    ['a_clock_that_goes_back', 'vfs_read', 'vfs_write'],
    [],
    [],
    [],
    [],
    ['late'],
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (chunk) => {
      t.same(windowsOf(bytesOf(lines), { by: 'clock', length: 0.5 }, [chunk]), windows);
    }),
  );
  t.throws(
    () =>
      windowsOf(bytesOf([lines[1], at('9999999.000000', 'f();')]), { by: 'clock', length: 0.1 }),
    new RangeError(`more than ${MAX_WINDOWS} windows`),
  );
  t.end();
});

t.test('the clock of a line', (t) => {
  const of = (line: string) => clockOf(Buffer.from(line), 0, line.length);
  t.equal(of('  148.943278 |   1)    node-218    |   ksys_read() {'), 148.943278);
  t.equal(
    of('            node-218   [001]   148.943278: funcgraph_entry:    |  ksys_read() {'),
    148.943278,
  );
  t.equal(of('            node-218   [001] d..2.   148.943278: vfs_read <-ksys_read'), 148.943278);
  t.equal(of(' 148.943278012: vfs_read'), 148.943278012, 'nanoseconds');
  t.equal(of('0.000001 |  x'), 0.000001);
  for (const none of [
    '',
    '.',
    ' 1)    node-218    | ! 155.623 us  |  ksys_read() {',
    ' 1)    node-218    |   0.471 us    |  fput();',
    ' 1)    node-218    |  d.h1. |   do_softirq.part.0();',
    ' 1)    node-1.000000-218    |   fput();',
    ' 1)    v1.123456 218    |   fput();',
    '  148.943278',
    '  148.9432781 |',
    `${' '.repeat(90)}148.943278 | x`,
  ]) {
    t.equal(of(none), undefined, none);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const time = clockOf(bytes, 0, bytes.length);
      return time === undefined || time >= 0;
    }),
  );
  t.end();
});

t.test('whether a trace has a clock', (t) => {
  for (const { trace } of SAMPLES) {
    t.equal(hasClock(gunzipSync(readFileSync(trace)).subarray(0, 200_000)), false, trace);
  }
  t.equal(hasClock(Buffer.from(`# 1.000000 |\n  1.000000 |  ${HEAD}f();\n`)), true);
  t.equal(hasClock(Buffer.from('# at 1.000000 |\n')), false, 'a comment does not count');
  t.end();
});
