import t from 'tap';
import { forkedIn, roleRows } from '../../src/container/record.js';
import type { Task } from '../../src/container/tasks.js';

const task = (tid: number, role: Task['role']): Task => ({ tid, pid: 1, comm: `c${tid}`, role });

t.test('forked threads, as a capture lists them', (t) => {
  t.strictSame(
    forkedIn({ forked: [3, { tid: 4, parent: 3, comm: 'x' }, { tid: 5, parent: null }] }),
    [{ tid: 3 }, { tid: 4, parent: 3, comm: 'x' }, { tid: 5 }],
  );
  t.strictSame(forkedIn({ forked: [null, 'x', -1, 1.5, {}, [], 5] }), [{ tid: 5 }]);
  for (const none of [null, undefined, {}, 3, 'x', { forked: 3 }])
    t.equal(forkedIn(none), undefined);
  t.end();
});

t.test('rows of roles.csv', (t) => {
  const workload = [task(7, 'workload'), task(3, 'workload'), task(7, 'workload')];
  t.strictSame(roleRows(workload, [{ tid: 9 }, { tid: 3 }], false), [
    [3, 1, 'workload', 'c3'],
    [7, 1, 'workload', 'c7'],
    [9, '', 'workload', ''],
  ]);
  const machine = [task(1, 'vmm'), task(2, 'vcpu'), task(3, 'proxy')];
  const forked = [
    { tid: 5 },
    { tid: 6, parent: 1, comm: 'worker' },
    { tid: 7, parent: 2 },
    { tid: 8, parent: 3 },
    { tid: 9, parent: 8 },
    { tid: 10, parent: 99 },
  ];
  t.strictSame(roleRows(machine, forked, false).slice(3), [
    [5, '', 'forked', ''],
    [6, '', 'vmm-worker', 'worker'],
    [7, '', 'vmm-worker', ''],
    [8, '', 'proxy', ''],
    [9, '', 'proxy', ''],
    [10, '', 'forked', ''],
  ]);
  t.strictSame(roleRows([], [{ tid: 5 }], false), [[5, '', 'forked', '']]);
  t.strictSame(roleRows([task(1, 'workload')], [{ tid: 5 }], true).at(-1), [5, '', 'forked', '']);
  t.end();
});
