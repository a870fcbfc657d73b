import { type EventFormat, type Layout, Record } from './format.js';
import { PADDING, TIME_EXTEND, TIME_STAMP } from './page.js';
import type { Symbols } from './symbols.js';

const CALLS = 512;
/** So many different functions, evenly from all there are, and these, which a reader may treat in its own way. */
const FUNCTIONS = 1000;
const SPECIAL = ['irq_enter_rcu', 'irq_exit_rcu'];
/** Threads, from 0 on, and how many calls one has before it is the next one's turn. */
const THREADS = 4;
const TURN = 16;
/** Nanoseconds from one event to the next. */
const STEP = 100;

/** Deeper than any real stack: every so many calls. */
const DEEP = 96;
const DEEP_EVERY = 128;

/** common_flags of an event in a hardirq, and one with interrupts off. */
const HARDIRQ = 0x08;
const IRQS_OFF = 0x01;

/** In units of 2^27 ns: times are no small numbers any more. */
const LATER = 1000;

function functionsOf(symbols: Symbols): (readonly [number, number])[] {
  const special = SPECIAL.flatMap((name) => {
    const found = symbols.addressOf(name);
    return found === undefined ? [] : [found];
  });
  const step = Math.max(1, symbols.count / FUNCTIONS);
  const count = Math.min(symbols.count, FUNCTIONS);
  const others = Array.from({ length: count }, (_, i) => symbols.addressAt(Math.floor(i * step)));
  return [...special, ...others];
}

/**
 * A page as the kernel of `layout` might hand it out, with some of everything that real ones have: calls of many
 * functions at many depths by several threads, in interrupts and not, by both tracers, if the kernel has them, and
 * events of `other`. For a reader to be tried with: what V8 has never seen it compiles as if it did not exist, and
 * anew when it comes.
 */
export function rehearsalPage(layout: Layout, symbols: Symbols, other?: EventFormat): Uint8Array {
  const functions = functionsOf(symbols);
  const { entry, exit, call, dataOffset } = layout;
  const words: number[] = [];
  let flags = 0;
  let tid = 0;
  const event = (id: number, length: number, set: (record: number[]) => void) => {
    const record = new Array<number>(length).fill(0);
    record[0] = id | (flags << 16);
    record[1] = tid;
    set(record);
    words.push(STEP * 32 + length, ...record);
  };
  const place = (record: number[], at: number, func: number) => {
    const [high, low] = functions[func % functions.length];
    record[at] = low;
    if (layout.longSize === 8) record[at + 1] = high;
  };
  const enter = (func: number, depth: number) => {
    if (entry === undefined) return;
    event(layout.kinds.indexOf(Record.entry), entry.words, (record) => {
      place(record, entry.func, func);
      record[entry.depth] = depth;
    });
  };
  const leave = (func: number, depth: number) => {
    if (exit === undefined) return;
    event(layout.kinds.indexOf(Record.exit), exit.words, (record) => {
      place(record, exit.func, func);
      record[exit.depth] = depth;
    });
  };
  for (let i = 0; i < CALLS; i++) {
    tid = Math.floor(i / TURN) % THREADS;
    flags = i % 5 === 0 ? HARDIRQ | IRQS_OFF : i % 3 === 0 ? IRQS_OFF : 0;
    const depth = i % DEEP_EVERY === 0 ? DEEP : i % 7;
    enter(i, depth);
    enter(i + 1, depth + 1);
    leave(i + 1, depth + 1);
    if (call !== undefined) {
      event(layout.kinds.indexOf(Record.call), call.words, (record) => {
        place(record, call.ip, i);
        place(record, call.parent, i + 1);
      });
    }
    leave(i, depth);
    if (i % TURN !== 0) continue;
    if (other !== undefined) {
      const length = Math.max(2, ...other.fields.map((f) => Math.ceil((f.offset + f.size) / 4)));
      event(other.id, length, () => {});
    }
    words.push(STEP * 32 + TIME_EXTEND, LATER);
    words.push(STEP * 32 + TIME_STAMP, LATER * i);
    // An event that was taken back: its length in bytes, with its own four, and what it held.
    words.push(STEP * 32 + PADDING, 8, 0);
  }
  // Nothing up to the end.
  words.push(PADDING, 0);
  const page = new Uint8Array(dataOffset + 4 * words.length + layout.longSize);
  const view = new DataView(page.buffer);
  view.setUint32(8, 4 * words.length, true);
  for (const [i, value] of words.entries()) view.setUint32(dataOffset + 4 * i, value, true);
  return page;
}
