import { readdirSync, readFileSync } from 'node:fs';

/** What /proc/PID/stat says: a pid alone may have been given to somebody else since. */
export interface ProcessStat {
  readonly state: string;
  readonly ppid: number;
  /** Clock ticks since boot. */
  readonly start: number;
}

/**
 * Parses a line of /proc/PID/stat. The name may hold blanks and brackets; it ends at the last bracket:
 *
 *     4711 (my (odd) name) S 1 4711 4711 0 -1 4194560 ... 20 0 1 0 8512 ...
 */
export function parseStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ppid = Number(fields[1]);
  const start = Number(fields[19]);
  if (!Number.isInteger(ppid) || !Number.isInteger(start)) return undefined;
  return { state: fields[0], ppid, start };
}

/** The state of a process or thread; undefined when there is none of that number. */
export function statOf(tid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${tid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A thread's name; undefined when it has gone. */
export function commOf(tid: number): string | undefined {
  try {
    return readFileSync(`/proc/${tid}/comm`, 'latin1').replace(/\n$/, '');
  } catch {
    return undefined;
  }
}

function field(tid: number, name: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${tid}/status`, 'latin1');
    return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** The CPUs a thread may run on, as `0-3,8`. */
export function cpusOf(tid: number): string | undefined {
  return field(tid, 'Cpus_allowed_list');
}

/** The process that a thread belongs to. */
export function processOf(tid: number): number | undefined {
  const tgid = Number(field(tid, 'Tgid'));
  return Number.isInteger(tgid) ? tgid : undefined;
}

/** All threads of a process; none when it has gone. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** The processes that a thread has started and that are alive; none where the kernel does not tell. */
export function childrenOf(tid: number): number[] {
  try {
    const text = readFileSync(`/proc/${tid}/task/${tid}/children`, 'latin1');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Which boot of the machine this is: pids and start times of another one mean nothing. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}
