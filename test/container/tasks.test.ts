import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import {
  changeOf,
  type Found,
  findTasks,
  type Process,
  type Role,
  type Snapshot,
  type Thread,
} from '../../src/container/tasks.js';

/** Reads a recorded layout: see its folder's README.md. */
function readLayout(name: string): Snapshot {
  const processes = new Map<number, Process & { threads: Thread[] }>();
  for (const line of readFileSync(`test/fixtures/layouts/${name}.tsv`, 'utf8').trim().split('\n')) {
    const [pid, tid, ppid, comm, wchan, syscall, cgroups, args] = line.split('\t');
    const process = processes.get(Number(pid)) ?? {
      pid: Number(pid),
      ppid: Number(ppid),
      argv: args === '' ? [] : args.split(' '),
      threads: [],
    };
    process.threads.push({ tid: Number(tid), comm, wchan, syscall, cgroups: cgroups.split(';') });
    processes.set(process.pid, process);
  }
  return { processes, recorded: [] };
}

const RUNC = { id: '9742a429f67507ff8f8220b8b246b313664345ff7735779ab276ba863e9e4867', pid: 1493 };
const NABLA = { id: 'ae1e4904284336db1ec56e18121201f40b1e570ea33ed09075d72bc585854c39', pid: 1074 };
const KATA = { id: '3ae3b6e47d4479e8e97e0a62555ea038ad9b1a579ba02b334e9ee4a5fa0cfc26', pid: 638 };
const RUNSC = { id: '277976e929613293d81393407ebae5fe34f10d8f5f861346e74e5f26a81f96b4', pid: 93 };

/** Tids by role. */
function byRole({ tasks }: Found): Partial<Record<Role, number[]>> {
  const roles: Partial<Record<Role, number[]>> = {};
  for (const { tid, role } of tasks) {
    roles[role] ??= [];
    roles[role].push(tid);
  }
  return roles;
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

t.test('runc: the workload', (t) => {
  const found = findTasks(readLayout('runc-redis'), { ...RUNC, withShim: false });
  t.strictSame(byRole(found), { workload: [1493, 1531, 1532, 1533, 1534] });
  t.equal(found.shim, 1472);
  t.strictSame(found.warnings, []);
  t.strictSame(found.tasks[1], { tid: 1531, pid: 1493, comm: 'bio_close_file', role: 'workload' });

  const shim = findTasks(readLayout('runc-redis'), { ...RUNC, withShim: true });
  t.strictSame(byRole(shim).shim, [...range(1472, 1481), 1515]);
  t.end();
});

t.test('Nabla: in none of its cgroups', (t) => {
  const found = findTasks(readLayout('runnc-redis'), { ...NABLA, withShim: false });
  t.strictSame(byRole(found), { workload: [1074] });
  t.strictSame(found.warnings, []);
  t.end();
});

t.test('Kata: QEMU, its kernel threads and the proxies', (t) => {
  const found = findTasks(readLayout('kata-node'), { ...KATA, withShim: false });
  t.strictSame(byRole(found), {
    vmm: [619],
    vcpu: [624],
    'vmm-worker': [620, 623, 636, 662, 736],
    vhost: [622],
    'kvm-helper': [621, 625],
    proxy: [626, ...range(628, 635), ...range(638, 646)],
  });
  t.equal(found.shim, 571);
  t.strictSame(found.warnings, []);
  t.strictSame(
    found.tasks.map(({ tid }) => tid),
    found.tasks.map(({ tid }) => tid).sort((a, b) => a - b),
    'ascending',
  );
  t.end();
});

t.test('gVisor: sentry, gofer and stubs', (t) => {
  const snapshot = readLayout('runsc-node');
  const found = findTasks(snapshot, { ...RUNSC, withShim: false });
  const tidsOf = (pid: number) =>
    snapshot.processes
      .get(pid)!
      .threads.map(({ tid }) => tid)
      .sort((a, b) => a - b);
  t.strictSame(byRole(found), {
    sentry: tidsOf(93),
    gofer: tidsOf(91),
    stub: [...tidsOf(123), ...tidsOf(174)],
  });
  t.strictSame(found.warnings, []);
  t.end();
});

t.test('each recorded thread of a container is found, and no stranger', (t) => {
  for (const [name, container] of Object.entries({
    'runc-redis': RUNC,
    'runnc-redis': NABLA,
    'kata-node': KATA,
    'runsc-node': RUNSC,
  })) {
    const snapshot = readLayout(name);
    const { tasks, shim } = findTasks(snapshot, { ...container, withShim: true });
    const found = new Set(tasks.map(({ tid }) => tid));
    for (const { pid, ppid, argv, threads } of snapshot.processes.values()) {
      const stranger =
        /\/(init|dockerd|containerd)$|^(dockerd|containerd)$/.test(argv[0] ?? '') ||
        pid === 2 ||
        (ppid === 2 && !/vhost|kvm/.test(threads[0].comm)) ||
        argv[0] === '/lib/systemd/systemd-journald' ||
        (ppid === 1 && pid !== shim);
      for (const { tid, comm } of threads) {
        t.equal(found.has(tid), !stranger, `${name}: ${tid} (${comm})`);
      }
    }
  }
  t.end();
});

/** A process with threads: [tid, comm, wchan or syscall]. */
function processOf(
  pid: number,
  ppid: number,
  args: string,
  threads: [tid: number, comm: string, syscall?: string][] = [[pid, 'x']],
  cgroup = '/',
): Process {
  return {
    pid,
    ppid,
    argv: args === '' ? [] : args.split(' '),
    threads: threads.map(([tid, comm, syscall = '']) => ({
      ...{ tid, comm, syscall, wchan: '', cgroups: [cgroup] },
    })),
  };
}

function snapshotOf(processes: Process[], recorded: number[] = []): Snapshot {
  return { processes: new Map(processes.map((p) => [p.pid, p])), recorded };
}

const ID = 'c0ffee';
const SHIM = `/usr/bin/containerd-shim-kata-v2 -namespace moby -id ${ID} -address x`;
const INIT = processOf(1, 0, '/sbin/init');
const find = (processes: Process[], pid: number, recorded: number[] = []) =>
  findTasks(snapshotOf([INIT, ...processes], recorded), { id: ID, pid, withShim: false });

t.test('virtual machines of other makes', (t) => {
  const firecracker = find(
    [
      processOf(10, 1, SHIM),
      processOf(20, 10, '/opt/kata/bin/firecracker --api-sock x', [
        [20, 'firecracker'],
        [21, 'fc_api'],
        [22, 'fc_vcpu 0'],
      ]),
    ],
    20,
  );
  t.strictSame(byRole(firecracker), { vmm: [20], 'vmm-worker': [21], vcpu: [22] });
  t.match(firecracker.warnings, [/without any vhost or kvm thread/]);

  const newer = find(
    [
      processOf(10, 1, SHIM),
      processOf(15, 10, '/usr/libexec/virtiofsd --fd=3'),
      processOf(20, 10, '/usr/bin/qemu-system-aarch64 -name sandbox-c0ffee', [
        [20, 'qemu-system-aar'],
        [21, 'CPU 0/KVM'],
        [22, 'qemu-system-aar', '29 0x15 0xae80 0x0 0x0 0x0 0x0 0x7f 0x7f'],
        [23, 'vhost-20'],
        [24, 'kvm-nx-lpage-re'],
      ]),
    ],
    20,
  );
  t.strictSame(byRole(newer), {
    gofer: [15],
    vmm: [20],
    vcpu: [21, 22],
    vhost: [23],
    'kvm-helper': [24],
  });
  t.strictSame(newer.warnings, [], 'helpers that are threads of their process');

  const inShim = find(
    [
      processOf(10, 1, SHIM, [
        [10, 'containerd-shim'],
        [11, 'db_vcpu0'],
        [12, 'vhost-10'],
      ]),
      processOf(13, 2, '', [[13, 'kvm-pit/10']]),
    ],
    10,
  );
  t.strictSame(byRole(inShim), { vmm: [10], vcpu: [11], vhost: [12], 'kvm-helper': [13] });

  const handed = find([processOf(10, 1, SHIM), processOf(20, 1, '/usr/bin/qemu-kvm -x')], 10, [20]);
  t.strictSame(byRole(handed), { vmm: [20] }, 'by its own record');
  t.end();
});

t.test('kernel threads belong to whom they are named after', (t) => {
  const machine = processOf(20, 10, '/usr/bin/qemu-system-x86_64');
  const threads = ['vhost-20', 'vhost-201', 'vhost-2', 'vhost-20x', 'kvm-pit/2', 'kworker/20'];
  const kernel = threads.map((comm, i) => processOf(50 + i, 2, '', [[50 + i, comm]]));
  t.strictSame(byRole(find([processOf(10, 1, SHIM), machine, ...kernel], 20)), {
    vmm: [20],
    vhost: [50],
  });
  const fakes = [processOf(60, 1, './vhost-20', [[60, 'vhost-20']])];
  const { tasks } = find([processOf(10, 1, SHIM), machine, ...fakes], 20);
  t.strictSame(
    tasks.map(({ tid }) => tid),
    [20],
    'a program of that name is no kernel thread',
  );
  t.end();
});

t.test('podman, systemd and the cgroups', (t) => {
  const conmon = `/usr/bin/conmon --api-version 1 -c ${ID} -u ${ID} -r /usr/bin/crun`;
  const scope = `/machine.slice/libpod-${ID}.scope/container`;
  const found = find(
    [
      processOf(10, 1, conmon, [[10, 'conmon']], `/machine.slice/libpod-conmon-${ID}.scope`),
      processOf(20, 10, '/bin/redis-server', [[20, 'redis-server']], scope),
      processOf(30, 1, '/usr/bin/daemon', [[30, 'daemon']], scope),
      processOf(40, 1, '/usr/bin/conmon -c another'),
    ],
    20,
  );
  t.strictSame(byRole(found), { workload: [20, 30] }, 'also who has left the family');
  t.equal(found.shim, 10);
  t.end();
});

t.test('what cannot be right is said', (t) => {
  const gone = find([processOf(10, 1, SHIM)], 20);
  t.strictSame(gone.tasks, []);
  t.match(gone.warnings, [/process 20, which the engine names, is not there/]);
  const alone = find([processOf(20, 1, '/bin/redis-server')], 20);
  t.strictSame(byRole(alone), { workload: [20] });
  t.match(alone.warnings, [/no shim found above the container/]);
  t.strictSame(findTasks(snapshotOf([]), { id: ID, pid: 1, withShim: true }).tasks, []);
  t.end();
});

t.test('any tree of processes, loops included: ends, and names each task once', (t) => {
  const pid = fc.integer({ min: 1, max: 12 });
  const args = fc.constantFrom(
    '',
    SHIM,
    'runsc-sandbox boot',
    'qemu-system-x86_64',
    'sh -id',
    'node',
  );
  const process = fc.record({ pid, ppid: fc.integer({ min: 0, max: 12 }), args });
  fc.assert(
    fc.property(
      fc.array(process, { maxLength: 12 }),
      pid,
      fc.boolean(),
      (list, first, withShim) => {
        const all = list.map(({ pid, ppid, args }) => processOf(pid, ppid, args));
        const { tasks } = findTasks(snapshotOf(all), { id: ID, pid: first, withShim });
        const tids = tasks.map(({ tid }) => tid);
        t.equal(new Set(tids).size, tids.length);
        t.ok(!all.some((p) => p.pid === first) || tids.includes(first) || !withShim);
      },
    ),
    { numRuns: 300 },
  );
  t.end();
});

t.test('born and died', (t) => {
  const task = (tid: number) => ({ tid, pid: 1, comm: 'x', role: 'workload' as const });
  t.strictSame(changeOf([task(1), task(2)], [task(2), task(3)]), {
    born: [task(3)],
    died: [task(1)],
  });
  t.end();
});
