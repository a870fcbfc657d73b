import t from 'tap';
import { forkedIn, roleRows } from '../../src/container/record.js';
import type { Task } from '../../src/container/tasks.js';

const task = (tid: number, role: Task['role']): Task => ({ tid, pid: 1, comm: `c${tid}`, role });

t.test('forked threads, as a capture lists them', (t) => {
  t.strictSame(forkedIn({ forked: [3, { tid: 4, parent: 3 }] }), [3, 4]);
  t.strictSame(forkedIn({ forked: [null, 'x', -1, 1.5, {}, [], 5] }), [5]);
  for (const none of [null, undefined, {}, 3, 'x', { forked: 3 }])
    t.equal(forkedIn(none), undefined);
  t.end();
});

t.test('rows of roles.csv', (t) => {
  t.strictSame(
    roleRows([task(7, 'workload'), task(3, 'workload'), task(7, 'workload')], [9, 3], false),
    [
      [3, 1, 'workload', 'c3'],
      [7, 1, 'workload', 'c7'],
      [9, '', 'workload', ''],
    ],
  );
  t.strictSame(
    roleRows([task(1, 'vmm'), task(2, 'vcpu')], [5], false).at(-1),
    [5, '', 'forked', ''],
    'one of two roles',
  );
  t.strictSame(roleRows([], [5], false), [[5, '', 'forked', '']]);
  t.strictSame(roleRows([task(1, 'workload')], [5], true).at(-1), [5, '', 'forked', '']);
  t.end();
});
