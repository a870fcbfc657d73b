import { type Layout, Record } from './format.js';

const PAIRS = 64;
/** Nanoseconds from one event to the next. */
const STEP = 100;
/** Each word of an address that all functions lie below. */
const LAST_ADDRESS = 0xffffffff;

/**
 * A page as the kernel of `layout` might hand it out: entries and returns of function_graph, or calls of the
 * function tracer, whichever it has, all of thread 0 and of the last function of the kernel. For a reader to be
 * tried with.
 */
export function rehearsalPage(layout: Layout): Uint8Array {
  const { entry, exit, call, dataOffset } = layout;
  const words: number[] = [];
  const event = (kind: number, length: number, set: (record: number[]) => void) => {
    const record = new Array<number>(length).fill(0);
    record[0] = layout.kinds.indexOf(kind);
    set(record);
    words.push(STEP * 32 + length, ...record);
  };
  const place = (record: number[], at: number) => {
    record.fill(LAST_ADDRESS, at, at + layout.longSize / 4);
  };
  for (let i = 0; i < PAIRS; i++) {
    // Every other function calls one.
    const depth = i % 2;
    if (entry !== undefined) {
      event(Record.entry, entry.words, (record) => {
        place(record, entry.func);
        record[entry.depth] = depth;
      });
    }
    if (exit !== undefined && depth === 1) {
      for (const back of [1, 0]) {
        event(Record.exit, exit.words, (record) => {
          place(record, exit.func);
          record[exit.depth] = back;
        });
      }
    }
    if (call !== undefined) {
      event(Record.call, call.words, (record) => {
        place(record, call.ip);
        place(record, call.parent);
      });
    }
  }
  const page = new Uint8Array(dataOffset + 4 * words.length + layout.longSize);
  const view = new DataView(page.buffer);
  view.setUint32(8, 4 * words.length, true);
  for (const [i, value] of words.entries()) view.setUint32(dataOffset + 4 * i, value, true);
  return page;
}
