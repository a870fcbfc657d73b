import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FormatFiles } from '../../src/ringbuffer/format.js';

const STATS = [
  'entries: 0',
  'overrun: 0',
  'commit overrun: 0',
  'bytes: 0',
  'oldest event ts:     0.000000',
  'now ts:    18.123456',
  'dropped events: 0',
  'read events: 0',
].join('\n');

/** What a CPU of a made-up tracefs hands out. */
export interface FakeCpu {
  readonly pages?: Uint8Array;
  readonly stats?: string;
}

/** Control files that are written to, in the state they have after a boot. */
const CONTROLS: Record<string, string> = {
  current_tracer: 'nop\n',
  tracing_on: '1\n',
  trace_clock: 'local\n',
  buffer_size_kb: '1408\n',
  set_ftrace_pid: '',
  set_ftrace_filter: '',
  set_ftrace_notrace: '',
  set_graph_function: '#### all functions enabled ####\n',
  max_graph_depth: '0\n',
  saved_cmdlines_size: '128\n',
  'options/function-fork': '0\n',
  'options/overwrite': '1\n',
  'options/latency-format': '0\n',
  'options/irq-info': '1\n',
  'options/record-cmd': '1\n',
  'options/stacktrace': '1\n',
  'options/funcgraph-irqs': '0\n',
  'options/funcgraph-tail': '0\n',
};

export const FORK_FORMAT = `name: sched_process_fork
ID: 300
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:char parent_comm[16];	offset:8;	size:16;	signed:0;
	field:pid_t parent_pid;	offset:24;	size:4;	signed:1;
	field:char child_comm[16];	offset:28;	size:16;	signed:0;
	field:pid_t child_pid;	offset:44;	size:4;	signed:1;
`;

/** A page of sched_process_fork events, as 64-bit kernels lay it out: parent and child of each. */
export function forkPage(
  time: bigint,
  forks: readonly (readonly [parent: number, child: number])[],
): Uint8Array {
  const page = Buffer.alloc(4096);
  page.writeBigUInt64LE(time, 0);
  page.writeBigUInt64LE(BigInt(forks.length * 52), 8);
  for (const [i, [parent, child]] of forks.entries()) {
    const at = 16 + i * 52;
    // 48 bytes, in words.
    page.writeUInt32LE(12, at);
    page.writeUInt16LE(300, at + 4);
    page.writeInt32LE(parent, at + 8);
    page.writeInt32LE(parent, at + 28);
    page.writeInt32LE(child, at + 48);
  }
  return page;
}

/**
 * A directory of ordinary files that looks like tracefs: what is written to it stays there to be read, and
 * the pages of each CPU are there from the start. It has no instances, and no tracer that does anything.
 */
export function fakeTracefs(
  directory: string,
  formats: FormatFiles,
  cpus: readonly FakeCpu[],
  changes: Record<string, string> = {},
): string {
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(`${directory}/${path}`), { recursive: true });
    writeFileSync(`${directory}/${path}`, content);
  };
  put('available_tracers', 'function_graph function nop\n');
  put('available_filter_functions', 'vfs_read\nfput\n');
  put('saved_cmdlines', '218 node\n');
  put('trace_pipe', '');
  put('events/header_page', formats.headerPage);
  put('events/header_event', formats.headerEvent);
  for (const event of formats.events) {
    put(`events/ftrace/${/^name: (\S+)/m.exec(event)?.[1]}/format`, event);
  }
  put('events/sched/sched_process_fork/format', FORK_FORMAT);
  put('events/sched/sched_process_fork/enable', '0\n');
  for (const [cpu, { pages, stats }] of cpus.entries()) {
    put(`per_cpu/cpu${cpu}/trace_pipe_raw`, pages ?? '');
    put(`per_cpu/cpu${cpu}/stats`, `${stats ?? STATS}\n`);
    put(`per_cpu/cpu${cpu}/buffer_size_kb`, '1408\n');
  }
  for (const [path, content] of Object.entries({ ...CONTROLS, ...changes })) put(path, content);
  return directory;
}

/** All files of a directory and what is in them, to compare. */
export function contentsOf(directory: string): Record<string, string> {
  const contents: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true }) as string[]) {
    const path = `${directory}/${name}`;
    if (statSync(path).isFile()) contents[name] = readFileSync(path, 'latin1');
  }
  return contents;
}
