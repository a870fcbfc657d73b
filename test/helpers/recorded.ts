import { readFileSync } from 'node:fs';
import { type FormatFiles, parseLayout } from '../../src/ringbuffer/format.js';
import { Symbols } from '../../src/ringbuffer/symbols.js';
import { Tasks } from '../../src/ringbuffer/tasks.js';
import { readTrace, TRACES } from './traces.js';

/** The recording of which both the text and the pages were kept. */
export const RECORDED = 'runc-node-express.linux-6.1';

const format = (name: string) => readFileSync(`${TRACES}/linux-6.1.format/${name}`, 'latin1');

export function recordedFiles(): FormatFiles {
  return {
    headerPage: format('header_page'),
    headerEvent: format('header_event'),
    events: [format('funcgraph_entry.format'), format('funcgraph_exit.format')],
  };
}

/** Names of tasks as the text of the recording has them, `tid name` to a line. */
export function recordedCmdlines(): string {
  const names = new Map<string, string>();
  const text = readTrace(`${RECORDED}.trace`).toString('latin1');
  for (const [, comm, tid] of text.matchAll(/^ \d\) +(.{1,7})-(\d+) +\| /gm)) {
    if (!comm.startsWith('<')) names.set(tid, comm);
  }
  return [...names].map(([tid, comm]) => `${tid} ${comm}\n`).join('');
}

export function recorded() {
  const tasks = new Tasks();
  tasks.read(recordedCmdlines());
  return {
    layout: parseLayout(recordedFiles()),
    symbols: new Symbols(readTrace('linux-6.1.kallsyms')),
    tasks,
    pages: [0, 1].map((cpu): Uint8Array => readTrace(`${RECORDED}.cpu${cpu}.raw`)),
    text: readTrace(`${RECORDED}.trace`),
  };
}
