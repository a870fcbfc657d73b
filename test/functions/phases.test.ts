import t from 'tap';
import { RegionJudge } from '../../src/context/regions.js';
import { callsByPhase, cutOf, parsePhases } from '../../src/functions/phases.js';
import { Windows } from '../../src/functions/windows.js';

t.test('the phases of a run', (t) => {
  const record = { version: 1, phases: { create: 1.5, start: 2, serve: 2, load: 40, end: null } };
  const phases = parsePhases(JSON.stringify(record));
  t.strictSame(phases, [
    ['create', 1.5],
    ['start', 2],
    ['serve', 2],
    ['load', 40],
  ]);
  t.strictSame(cutOf(phases), { by: 'moments', moments: [1.5, 2, 2, 40] });
  for (const [text, message] of [
    ['', /no JSON/],
    ['null', /no phases/],
    ['{}', /no phases/],
    ['{"phases":{"create":null}}', /no phases/],
    ['{"phases":{"create":2,"start":1}}', /phase start is out of order/],
  ] as const) {
    t.throws(() => parsePhases(text), { name: 'RangeError', message });
  }
  t.end();
});

t.test('calls by phase', (t) => {
  const phases = parsePhases('{"phases":{"create":1.5,"start":2,"serve":2,"load":40,"end":null}}');
  const judge = new RegionJudge({ softirq: 'drop', unknown: 'drop', tids: undefined });
  const windows = new Windows(judge, cutOf(phases));
  const line = (time: string, text: string) => `   ${time} |   0)    node-218    | ${text}\n`;
  windows.take(
    Buffer.from(
      line('0.100000', 'fput();') +
        line('1.500000', 'fget() {') +
        line('1.600000', '  fput();') +
        line('1.999999', '}') +
        line('2.000000', 'fget();') +
        // Text of another CPU may be late.
        line('1.999999', 'fget();') +
        line('40.000001', 'dput();') +
        line('40.000002', 'fput();') +
        line('90.000000', 'fput();'),
    ),
  );
  t.strictSame(callsByPhase(windows.endWithCalls(), phases), [
    { name: 'dput', phase: 'load', calls: 1 },
    { name: 'fget', phase: 'create', calls: 1 },
    { name: 'fget', phase: 'serve', calls: 2 },
    { name: 'fput', phase: 'before', calls: 1 },
    { name: 'fput', phase: 'create', calls: 1 },
    { name: 'fput', phase: 'load', calls: 2 },
  ]);
  t.end();
});
