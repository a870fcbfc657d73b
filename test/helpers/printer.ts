/**
 * Prints function_graph text as the kernel does, written from print_graph_prologue and the functions
 * round it in trace_functions_graph.c, sharing no code with what parses it.
 */

export interface Columns {
  readonly abstime: boolean;
  readonly reltime: boolean;
  readonly cpu: boolean;
  readonly proc: boolean;
  /** Width of the latency flags: 0 for none, 4 before Linux 5.12, 5 since. */
  readonly flags: 0 | 4 | 5;
  readonly duration: 'none' | 'plain' | 'overhead';
}

export const DEFAULT_COLUMNS: Columns = {
  abstime: false,
  reltime: false,
  cpu: true,
  proc: true,
  flags: 0,
  duration: 'none',
};

/** All combinations of the columns: 16 of clock, cpu and proc, by 3 of flags, by 3 of duration. */
export function* allColumns(): Generator<Columns> {
  for (let bits = 0; bits < 16; bits++) {
    for (const flags of [0, 4, 5] as const) {
      for (const duration of ['none', 'plain', 'overhead'] as const) {
        yield {
          abstime: (bits & 1) !== 0,
          reltime: (bits & 2) !== 0,
          cpu: (bits & 4) !== 0,
          proc: (bits & 8) !== 0,
          flags,
          duration,
        };
      }
    }
  }
}

export interface GraphLine {
  readonly cpu: number;
  readonly tid: number;
  /** Cut to 7 characters, as the kernel does. */
  readonly comm: string;
  /** irqs, resched, context; what follows is printed as no depth at all. */
  readonly flags?: string;
  readonly depth: number;
  /** Nanoseconds; undefined where the kernel fills the column with blanks. */
  readonly duration?: number | undefined;
  /** Microseconds since boot. */
  readonly time?: number;
  readonly body: string;
}

export function printProc(comm: string, tid: number): string {
  const text = `${comm.slice(0, 7)}-${tid}`;
  const spaces = Math.max(0, 14 - text.length);
  const before = spaces >> 1;
  return ' '.repeat(before) + text + ' '.repeat(spaces - before);
}

export function printCpu(cpu: number, width = 1): string {
  return ` ${String(cpu).padStart(width)}) `;
}

const MARKS = [
  [1_000_000_000, '$'],
  [100_000_000, '@'],
  [10_000_000, '*'],
  [1_000_000, '#'],
  [100_000, '!'],
  [10_000, '+'],
] as const;

function printDuration(ns: number | undefined, overhead: boolean): string {
  if (ns === undefined) return '              |  ';
  const mark = overhead ? (MARKS.find(([size]) => ns > size)?.[1] ?? ' ') : ' ';
  let text = String(Math.floor(ns / 1000));
  if (text.length < 7) {
    const nanos = String(ns % 1000).padStart(3, '0');
    text += `.${nanos.slice(0, Math.min(5, 8 - text.length) - 1)}`;
  }
  const column = `${mark} ${text} us `;
  return `${column.padEnd(14)}|  `;
}

/** One line without its newline. `cpuWidth` is the number of digits of the machine's last CPU. */
export function printLine(line: GraphLine, columns: Columns, cpuWidth = 1): string {
  const { time = 148_943_278 } = line;
  let s = '';
  if (columns.abstime) {
    const fraction = String(time % 1_000_000).padStart(6, '0');
    s += `${String(Math.floor(time / 1_000_000)).padStart(5)}.${fraction} |  `;
  }
  if (columns.reltime) s += `${String(time % 10_000_000).padStart(9)} us |  `;
  if (columns.cpu) s += printCpu(line.cpu, cpuWidth);
  if (columns.proc) s += `${printProc(line.comm, line.tid)} | `;
  if (columns.flags > 0) s += ` ${(line.flags ?? '...').padEnd(columns.flags, '.')} | `;
  if (columns.duration !== 'none')
    s += printDuration(line.duration, columns.duration === 'overhead');
  return s + '  '.repeat(line.depth) + line.body;
}

/** The four lines of a task switch, the last one blank. */
export function printSwitch(cpu: number, from: string, to: string): string[] {
  const rule = ` ${'-'.repeat(42)}`;
  const [previous, next] = [from, to].map((task) => {
    const dash = task.lastIndexOf('-');
    return printProc(task.slice(0, dash), Number(task.slice(dash + 1)));
  });
  return [rule, `${printCpu(cpu)}${previous} => ${next}`, rule, ''];
}
