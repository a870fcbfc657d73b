import fc from 'fast-check';
import t from 'tap';
import { pageData } from '../../src/report/data.js';
import { differences, type PageData, spread, sums } from '../../src/report/packed.js';
import { Reach, type ReachedFunction } from '../../src/report/reach.js';

function row(name: string, more: Partial<ReachedFunction> = {}): ReachedFunction {
  return {
    name,
    calls: 1,
    path: [name],
    syscall: '',
    score: undefined,
    file: '',
    line: undefined,
    subsystem: '',
    ...more,
  };
}

/** The path of a function in a group, as the page's script puts it together. */
function pathOf(data: PageData, which: number, index: number): string[] {
  const steps: string[] = [];
  const parent = sums(data.parent);
  const name = sums(data.name);
  const group = data.groups[which];
  for (let at = spread(group, sums(group.path), -1)[index]; at >= 0; at = parent[at]) {
    steps.unshift(data.names[name[at]]);
  }
  return steps;
}

t.test('sightings add up over the runs of a group', (t) => {
  const reach = new Reach();
  const runc = reach.group('runc', 'app');
  reach.add(runc, [row('b', { calls: 2, path: ['?', 'b'] }), row('a')]);
  reach.add(runc, [
    row('b', {
      calls: 3,
      path: ['x', 'y', 'b'],
      score: 7,
      file: 'mm/b.c',
      line: 4,
      subsystem: 'mm',
    }),
  ]);
  reach.add(runc, [row('b', { calls: 1, path: ['x', 'z', 'y', 'b'] })]);
  const kata = reach.group('kata', 'app');
  reach.add(kata, [row('c')]);
  t.same(reach.names(), ['a', 'b', 'c']);
  t.same(runc.functions.get('b'), {
    runs: 3,
    calls: 6,
    way: { path: ['x', 'y', 'b'], syscall: '' },
  });
  t.same(reach.about.get('b'), { score: 7, file: 'mm/b.c', line: 4, subsystem: 'mm' });
  t.same(reach.subsystemsOf(runc).sort(), ['mm', 'unknown']);

  const data = pageData(reach);
  t.equal(data.functions, 3);
  t.same(
    data.groups.map(({ seen }) => seen),
    [
      [1, 3, 0],
      [0, 0, 1],
    ],
  );
  t.same(data.groups[0].calls, [1, 6], 'of those seen');
  t.same(spread(data.groups[0], data.groups[0].calls, 0), [1, 6, 0]);
  t.same(data.score, [-1, 7, -1]);
  t.equal(data.files[data.file[1]], 'mm/b.c');
  t.same(pathOf(data, 0, 1), ['x', 'y', 'b']);
  t.same(pathOf(data, 0, 2), [], 'no path where it was not seen');
  t.same(JSON.parse(JSON.stringify(data)), data, 'plain JSON');
  t.end();
});

t.test('every path comes back', (t) => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', '?', '__proto__', 'constructor');
  const groups = fc.array(
    fc.array(fc.array(name, { minLength: 1, maxLength: 6 }), { maxLength: 8 }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(groups, (all) => {
      const reach = new Reach();
      for (const [index, paths] of all.entries()) {
        const rows = new Map(paths.map((path) => [path[path.length - 1], path]));
        reach.add(
          reach.group(`r${index}`, 'app'),
          [...rows].map(([last, path]) => row(last, { path })),
        );
      }
      const data = pageData(reach);
      for (const [g, group] of reach.groups.entries()) {
        for (let i = 0; i < data.functions; i++) {
          const known = group.functions.get(data.names[i]);
          if (pathOf(data, g, i).join(';') !== (known?.way.path ?? []).join(';')) return false;
          if (data.groups[g].seen[i] !== (known?.runs ?? 0)) return false;
        }
      }
      return true;
    }),
  );
  t.end();
});

t.test('a path of a thousand steps keeps its end', (t) => {
  const reach = new Reach();
  const path = Array.from({ length: 1000 }, (_, i) => `f${i}`);
  reach.add(reach.group('r', 'a'), [row('f999', { path })]);
  t.same(pathOf(pageData(reach), 0, 0), path.slice(-64));
  t.end();
});

t.test('system calls are told by their names', (t) => {
  const reach = new Reach();
  const path = ['x64_sys_call', '__x64_sys_write', 'ksys_write'];
  reach.add(reach.group('r', 'a'), [row('ksys_write', { path })]);
  const { names, callOf, syscalls } = pageData(reach);
  t.same(callOf, [names.indexOf('__x64_sys_write'), 0]);
  t.same(syscalls, ['write']);
  t.end();
});

t.test('differences and back', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 1_000_000 })), (numbers) => {
      const back = sums(differences(numbers));
      return back.length === numbers.length && back.every((n, i) => n === numbers[i]);
    }),
  );
  t.end();
});
