import t from 'tap';
import { loadRun } from '../../src/results/load.js';
import { parseUnit, runsAsUnits, unitText, windowSize } from '../../src/results/units.js';
import { makeRun } from '../helpers/results.js';

t.test('units by name', (t) => {
  t.same(parseUnit('runs'), { kind: 'runs' });
  t.same(parseUnit('requests:5'), { kind: 'requests', size: 5 });
  t.same(parseUnit('time:0.5'), { kind: 'time', size: 0.5 });
  t.same(parseUnit('windows:10000'), { kind: 'windows', size: 10_000 });
  for (const text of ['runs', 'requests:300', 'time:0.25', 'windows:20']) {
    t.equal(unitText(parseUnit(text)!), text);
  }
  for (const text of [
    ...['', 'run', 'runs:2', 'requests', 'requests:', 'requests:0', 'requests:1.5', 'requests:-1'],
    ...['time:x', 'time:0', 'time:1e3', 'time:.5', 'windows:10001', 'windows:2.5', ' time:1'],
  ]) {
    t.equal(parseUnit(text), undefined, text);
  }
  t.end();
});

t.test('how large a window is', (t) => {
  const directory = `${t.testdir({})}/run-1`;
  const size = (unit: string, load: Record<string, number>) => {
    makeRun(directory, { record: { load } });
    return windowSize(parseUnit(unit) as { kind: 'time'; size: number }, loadRun(directory));
  };
  const load = { requests: 300, seconds: 60 };
  t.same(size('windows:20', load), { seconds: undefined, part: 1 / 20, requests: 15 });
  t.same(size('requests:5', load), { seconds: 1, part: 5 / 300, requests: 5 });
  t.same(size('time:3', load), { seconds: 3, part: 3 / 60, requests: 15 });
  t.same(size('windows:20', {}), { seconds: undefined, part: 1 / 20, requests: undefined });
  t.same(size('requests:5', {}), { seconds: undefined, part: undefined, requests: 5 });
  t.same(size('requests:5', { requests: 50 }), { seconds: undefined, part: 0.1, requests: 5 });
  t.same(size('time:3', {}), { seconds: 3, part: undefined, requests: undefined });
  t.end();
});

t.test('runs as units', (t) => {
  const root = t.testdir({});
  makeRun(`${root}/run-1`);
  makeRun(`${root}/run-2`, { functions: ['f'] });
  const runs = [loadRun(`${root}/run-1`), loadRun(`${root}/run-2`)];
  t.match(runsAsUnits(runs), {
    by: 'runs',
    sets: [['ksys_read', 'vfs_read'], ['f']],
    batches: [2],
    requests: 300,
  });
  t.end();
});
