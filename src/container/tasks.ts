/** One thread, as /proc tells of it. */
export interface Thread {
  readonly tid: number;
  /** /proc/PID/task/TID/comm, whole: kernel threads have names longer than the 15 bytes that ps shows. */
  readonly comm: string;
  /** The kernel function it sleeps in; empty where unknown. */
  readonly wchan: string;
  /** A line of /proc/PID/task/TID/syscall, `16 0x15 0xae80 0x0 ...`; empty where unknown. */
  readonly syscall: string;
  /** Its cgroups' paths, one for each hierarchy of v1, one for v2. */
  readonly cgroups: readonly string[];
}

export interface Process {
  readonly pid: number;
  readonly ppid: number;
  /** Empty for a kernel thread, and for a process that gave up its memory. */
  readonly argv: readonly string[];
  readonly threads: readonly Thread[];
}

/** All processes of the host at one moment, and what a virtual machine's manager keeps about a container. */
export interface Snapshot {
  readonly processes: ReadonlyMap<number, Process>;
  /** Process ids from the container's own records, such as Kata's /run/vc/vm/ID/pid. */
  readonly recorded: readonly number[];
}

/**
 * What a task does for its container:
 *
 * - workload: runs the application itself (for Nabla, the unikernel's process)
 * - sentry: gVisor's kernel; stub: the address spaces it runs the application in
 * - gofer: serves files to a sandbox (runsc-gofer, virtiofsd)
 * - vmm, vcpu, vmm-worker: the main thread, the virtual CPUs and the other threads of a virtual machine's process
 * - vhost, kvm-helper: kernel threads, or since Linux 6.4 kernel code in threads, of a virtual machine
 * - proxy: passes bytes between container and engine (kata-proxy, kata-shim)
 * - shim: the engine's process that watches over the container
 */
export type Role =
  | 'workload'
  | 'sentry'
  | 'stub'
  | 'gofer'
  | 'vmm'
  | 'vcpu'
  | 'vmm-worker'
  | 'vhost'
  | 'kvm-helper'
  | 'proxy'
  | 'shim';

export interface Task {
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  readonly role: Role;
}

export interface Found {
  /** By tid, ascending. */
  readonly tasks: readonly Task[];
  /** The shim's process id. */
  readonly shim: number | undefined;
  readonly warnings: readonly string[];
}

const KTHREADD = 2;

/** `vhost-619`, `kvm-nx-lpage-recovery-619`, `kvm-pit/619`: kernel threads named after a process. */
const HELPER = /^(vhost-|kvm-nx-lpage-recovery-|kvm-pit\/)(\d+)$/;

/** The same as threads of their process; its comm is then cut to 15 bytes. */
const HELPER_THREAD = /^(vhost-\d+|kvm-nx-lpage-re.*)$/;

const VMM = /^(qemu-system-.*|qemu-kvm|qemu-lite.*|firecracker|cloud-hypervisor|stratovirt)$/;

/** Virtual CPUs of Firecracker, Cloud Hypervisor and Dragonball have names; QEMU's do not by default. */
const VCPU_COMM = /^(fc_vcpu |vcpu|db_vcpu|CPU \d+\/KVM)/;

/** ioctl(fd, KVM_RUN): number 16 on x86, 29 on arm64. */
const KVM_RUN = /^(16|29) 0x[0-9a-f]+ 0xae80 /;

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function runsVcpu({ comm, wchan, syscall }: Thread): boolean {
  return VCPU_COMM.test(comm) || wchan === 'kvm_vcpu_block' || KVM_RUN.test(syscall);
}

/** Is it the process that containerd or podman keeps beside container `id`? */
function isShimOf({ argv }: Process, id: string): boolean {
  const name = baseName(argv[0] ?? '');
  // containerd-shim-runc-v2 -namespace moby -id ae1e490428... -address /run/containerd/containerd.sock
  if (name.startsWith('containerd-shim')) return argv[argv.indexOf('-id') + 1] === id;
  // conmon --api-version 1 -c ae1e490428... -u ae1e490428... -r /usr/bin/crun
  return name === 'conmon' && argv[argv.indexOf('-c') + 1] === id;
}

function shimOf(snapshot: Snapshot, id: string, pid: number): number | undefined {
  for (const process of lineage(snapshot, pid)) if (isShimOf(process, id)) return process.pid;
  // A virtual machine may have been handed to init.
  for (const process of snapshot.processes.values()) {
    if (isShimOf(process, id)) return process.pid;
  }
  return undefined;
}

/** `roots` and their descendants, without what is beyond `stop`. */
function descendants({ processes }: Snapshot, roots: readonly number[]): Set<number> {
  const children = new Map<number, number[]>();
  for (const { pid, ppid } of processes.values()) {
    const siblings = children.get(ppid);
    if (siblings === undefined) children.set(ppid, [pid]);
    else siblings.push(pid);
  }
  const found = new Set<number>();
  const queue = [...roots];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (found.has(pid) || !processes.has(pid)) continue;
    found.add(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** A process and its parents, upwards; each once, whatever /proc has said. */
function* lineage({ processes }: Snapshot, pid: number): Generator<Process> {
  const passed = new Set<number>();
  for (let at = processes.get(pid); at !== undefined; at = processes.get(at.ppid)) {
    if (passed.has(at.pid)) return;
    passed.add(at.pid);
    yield at;
  }
}

/** The role of a process by what it is called. */
function ownRole(process: Process, id: string): Role {
  const [command = '', ...args] = process.argv;
  const name = baseName(command);
  if (isShimOf(process, id)) return 'shim';
  if (VMM.test(name)) return 'vmm';
  if (name === 'runsc-sandbox') return 'sentry';
  if (name === 'runsc-gofer' || name === 'virtiofsd') return 'gofer';
  if (name === 'kata-proxy' || name === 'kata-shim') return 'proxy';
  // Called by its path, gVisor's command names the part in its arguments.
  if (name === 'runsc' && args.includes('boot')) return 'sentry';
  if (name === 'runsc' && args.includes('gofer')) return 'gofer';
  return 'workload';
}

/**
 * The role of a process, which its threads have unless they are known to be something else. What a sentry has
 * forked is a stub, which has unmapped its arguments, or else a helper of the sentry.
 */
function roleOf(process: Process, snapshot: Snapshot, id: string): Role {
  for (const parent of lineage(snapshot, process.ppid)) {
    const role = parent.pid === process.pid ? 'shim' : ownRole(parent, id);
    if (role === 'shim') break;
    if (role === 'sentry') return process.argv.length === 0 ? 'stub' : 'sentry';
  }
  return ownRole(process, id);
}

function threadRole(thread: Thread, process: Process, role: Role): Role {
  const { comm, tid } = thread;
  if (HELPER_THREAD.test(comm)) return comm.startsWith('vhost') ? 'vhost' : 'kvm-helper';
  if (role !== 'vmm') return role;
  if (runsVcpu(thread)) return 'vcpu';
  return tid === process.pid ? 'vmm' : 'vmm-worker';
}

/**
 * Every host task that works for container `id`, whose first process is `pid` (docker's State.Pid), with its
 * role. Neither the process nor the container's cgroup is enough: under Kata both hold threads that sleep
 * while QEMU, kata-proxy and the kernel's vhost thread do the work. So: all that descends from the
 * container's shim, kernel threads named after one of those, and the members of its cgroups.
 *
 * The shim itself is left out, unless `withShim`: it does nothing for a request. A shim that runs virtual CPUs
 * in its own threads (Dragonball) is the virtual machine and counts.
 */
export function findTasks(
  snapshot: Snapshot,
  { id, pid, withShim }: { id: string; pid: number; withShim: boolean },
): Found {
  const { processes } = snapshot;
  const shim = shimOf(snapshot, id, pid);
  const warnings: string[] = [];
  const tasks = new Map<number, Task>();
  const add = (process: Process, role: Role, threads = process.threads) => {
    for (const thread of threads) {
      const { tid, comm } = thread;
      tasks.set(tid, { tid, pid: process.pid, comm, role: threadRole(thread, process, role) });
    }
  };

  const family = descendants(
    snapshot,
    [shim, pid, ...snapshot.recorded].filter((root): root is number => root !== undefined),
  );
  if (shim !== undefined) {
    const { threads } = processes.get(shim)!;
    const isMachine = threads.some(runsVcpu);
    if (!isMachine) family.delete(shim);
    if (isMachine) add(processes.get(shim)!, 'vmm');
    else if (withShim) add(processes.get(shim)!, 'shim');
  }
  for (const member of family) {
    const process = processes.get(member)!;
    if (!tasks.has(member)) add(process, roleOf(process, snapshot, id));
  }
  for (const process of processes.values()) {
    if (process.pid === shim) continue;
    if (process.ppid === KTHREADD) {
      const [thread] = process.threads;
      const [, kind, owner] = HELPER.exec(thread?.comm ?? '') ?? [];
      if (kind === undefined || !family.has(Number(owner))) continue;
      add(process, kind === 'vhost-' ? 'vhost' : 'kvm-helper');
    } else if (!family.has(process.pid)) {
      const members = process.threads.filter(({ cgroups }) => cgroups.some((c) => c.includes(id)));
      if (members.length > 0 && !isShimOf(process, id)) {
        add(process, roleOf(process, snapshot, id), members);
      }
    }
  }

  const found = [...tasks.values()].sort((a, b) => a.tid - b.tid);
  if (shim === undefined)
    warnings.push('no shim found above the container: helpers may be missing');
  if (!tasks.has(pid) && pid !== shim) {
    warnings.push(`process ${pid}, which the engine names, is not there`);
  }
  const has = (wanted: Role) => found.some(({ role }) => role === wanted);
  if (has('vmm') && !has('vhost') && !has('kvm-helper')) {
    warnings.push('a virtual machine without any vhost or kvm thread: they may be missing');
  }
  return { tasks: found, shim, warnings };
}

/** What has become of tasks between two looks at them. Each list by tid, ascending. */
export interface Change {
  readonly born: readonly Task[];
  readonly died: readonly Task[];
}

export function changeOf(start: readonly Task[], end: readonly Task[]): Change {
  const tidsOf = (tasks: readonly Task[]) => new Set(tasks.map(({ tid }) => tid));
  const before = tidsOf(start);
  const after = tidsOf(end);
  return {
    born: end.filter(({ tid }) => !before.has(tid)),
    died: start.filter(({ tid }) => !after.has(tid)),
  };
}
