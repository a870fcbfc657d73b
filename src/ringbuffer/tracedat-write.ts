import { bytesOf } from '../trace/latin1.js';

/** What a trace.dat holds beside the pages. Texts are those of tracefs files, one byte a character. */
export interface TraceDatParts {
  readonly headerPage: string;
  readonly headerEvent: string;
  /** `format` files of the events in `events/ftrace`. */
  readonly ftraceEvents: readonly string[];
  /** Those of other systems, by the name of the system. */
  readonly systems: readonly { readonly name: string; readonly events: readonly string[] }[];
  readonly kallsyms: Uint8Array;
  /** `printk_formats` */
  readonly printkFormats?: string;
  /** `saved_cmdlines` */
  readonly cmdlines: string;
  /** `trace_clock`: the clock in use stands in brackets. */
  readonly clock: string;
  /** `Linux host 6.1.0 #1 SMP x86_64` */
  readonly uname: string;
  /** `per_cpu/cpuN/stats`, CPU by CPU. */
  readonly cpuStats: readonly string[];
  /** Bytes of a `long` of the kernel: 4 or 8. */
  readonly longSize: number;
  /** Bytes of a sub-buffer. */
  readonly pageSize: number;
  /** Bytes of pages of CPU 0, 1, ...: whole pages. */
  readonly sizes: readonly number[];
}

/** Options of the file, by their numbers. */
const CPUSTAT = 2;
const TRACECLOCK = 4;
const UNAME = 5;

/** Bytes one behind the other. */
class Bytes {
  #parts: Uint8Array[] = [];
  length = 0;

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  text(text: string): void {
    this.bytes(bytesOf(text));
  }

  /** A little-endian number of 1, 2, 4 or 8 bytes. */
  number(value: number, size: number): void {
    const bytes = new Uint8Array(size);
    let rest = value;
    for (let i = 0; i < size; i++) {
      bytes[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.bytes(bytes);
  }

  /** A text with its length in front, as a number of `size` bytes. */
  counted(text: string, size: number): void {
    this.number(text.length, size);
    this.text(text);
  }

  option(id: number, text: string): void {
    this.number(id, 2);
    this.counted(`${text}\0`, 4);
  }

  joined(length: number): Uint8Array {
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/**
 * The beginning of a trace.dat of version 6 (trace-cmd.dat.v6(5)), up to the pages: those of CPU 0 follow at
 * once, then those of CPU 1, and so on. It is padded to a whole page. Throws RangeError when a CPU's size is no
 * multiple of the page size.
 */
export function traceDatHeader(parts: TraceDatParts): Uint8Array {
  const { pageSize, sizes } = parts;
  const out = new Bytes();
  out.bytes(Uint8Array.of(0x17, 0x08, 0x44));
  out.text('tracing6\0');
  // Little-endian.
  out.number(0, 1);
  out.number(parts.longSize, 1);
  out.number(pageSize, 4);
  out.text('header_page\0');
  out.counted(parts.headerPage, 8);
  out.text('header_event\0');
  out.counted(parts.headerEvent, 8);
  out.number(parts.ftraceEvents.length, 4);
  for (const event of parts.ftraceEvents) out.counted(event, 8);
  out.number(parts.systems.length, 4);
  for (const { name, events } of parts.systems) {
    out.text(`${name}\0`);
    out.number(events.length, 4);
    for (const event of events) out.counted(event, 8);
  }
  out.number(parts.kallsyms.length, 4);
  out.bytes(parts.kallsyms);
  out.counted(parts.printkFormats ?? '', 4);
  out.counted(parts.cmdlines, 8);
  out.number(sizes.length, 4);
  out.text('options  \0');
  for (const stats of parts.cpuStats) out.option(CPUSTAT, stats);
  out.option(TRACECLOCK, parts.clock);
  out.option(UNAME, parts.uname);
  out.number(0, 2);
  out.text('flyrecord\0');
  const header = Math.ceil((out.length + 16 * sizes.length) / pageSize) * pageSize;
  let offset = header;
  for (const size of sizes) {
    if (size % pageSize !== 0) throw new RangeError(`${size} bytes are no whole pages`);
    out.number(offset, 8);
    out.number(size, 8);
    offset += size;
  }
  return out.joined(header);
}
