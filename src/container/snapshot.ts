import { readdirSync, readFileSync } from 'node:fs';
import type { Process, Snapshot, Thread } from './tasks.js';

/** A file of /proc; undefined when the task has ended meanwhile, or hides it from us. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/**
 * The parent, from a line of /proc/PID/stat. A name may hold blanks and brackets, so what counts stands behind
 * the last one:
 *
 *     1531 (bio_close_file) S 1472 1493 1493 0 -1 4194368 ...
 */
function parentIn(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Paths from /proc/PID/cgroup: `7:pids:/docker/9742...` (v1), `0::/system.slice/docker-9742....scope` (v2). */
function pathsIn(cgroup: string): string[] {
  const paths = cgroup
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1));
  return [...new Set(paths)];
}

function readThread(proc: string, pid: number, tid: number): Thread | undefined {
  const task = `${proc}/${pid}/task/${tid}`;
  const comm = read(`${task}/comm`);
  if (comm === undefined) return undefined;
  return {
    tid,
    comm: comm.replace(/\n$/, ''),
    wchan: read(`${task}/wchan`) ?? '',
    syscall: read(`${task}/syscall`)?.trimEnd() ?? '',
    cgroups: pathsIn(read(`${task}/cgroup`) ?? ''),
  };
}

function readProcess(proc: string, pid: number): Process | undefined {
  const stat = read(`${proc}/${pid}/stat`);
  if (stat === undefined) return undefined;
  const argv = (read(`${proc}/${pid}/cmdline`) ?? '').replace(/\0+$/, '').split('\0');
  const threads = list(`${proc}/${pid}/task`)
    .map((tid) => readThread(proc, pid, Number(tid)))
    .filter((thread) => thread !== undefined);
  return { pid, ppid: parentIn(stat), argv: argv[0] === '' ? [] : argv, threads };
}

/**
 * All processes of the host now, with what helps to tell which of them work for container `id`. What ends
 * while it is read is left out.
 */
export function takeSnapshot(id: string, proc = '/proc', kata = '/run/vc/vm'): Snapshot {
  const processes = new Map<number, Process>();
  for (const name of list(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const process = readProcess(proc, Number(name));
    if (process !== undefined) processes.set(process.pid, process);
  }
  const recorded = Number(read(`${kata}/${id}/pid`));
  return { processes, recorded: recorded > 0 ? [recorded] : [] };
}

/** The threads of a process that is there, ascending. */
export function threadsOf(pid: number, proc = '/proc'): number[] {
  return list(`${proc}/${pid}/task`)
    .map(Number)
    .sort((a, b) => a - b);
}
