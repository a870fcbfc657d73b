import { bytesOf, latin1 } from '../trace/latin1.js';
import { FormatError, type FormatFiles } from './format.js';
import { type Blob, type PageSource, PlainPages } from './pages.js';

/** Unpacks what an algorithm of this name has packed to `size` bytes. Throws where it cannot. */
export type Unpack = (algorithm: string, packed: Uint8Array, size: number) => Uint8Array;

export interface TraceBuffer {
  /** '' for the top level, else the name of the instance. */
  readonly name: string;
  readonly cpus: readonly PageSource[];
}

/** What a trace.dat holds. */
export interface TraceDat {
  readonly version: 6 | 7;
  readonly files: FormatFiles;
  readonly kallsyms: Uint8Array;
  /** `saved_cmdlines`, one byte a character. */
  readonly cmdlines: string;
  /** `trace_clock`, where it is kept. */
  readonly clock: string | undefined;
  /** CPUs of the traced machine. */
  readonly cpuCount: number;
  readonly buffers: readonly TraceBuffer[];
}

/** The bytes every trace.dat begins with. */
const MAGIC = bytesOf('\x17\x08\x44tracing');

/** Sections, and the options that tell where they are. */
const Id = {
  options: 0,
  buffer: 3,
  clock: 4,
  cpuCount: 8,
  headerInfo: 16,
  ftraceEvents: 17,
  eventFormats: 18,
  kallsyms: 19,
  cmdlines: 21,
} as const;

const COMPRESSED = 1;

/** No part of a file but its pages is larger: what claims to be is damage. */
const MAX_PART = 1 << 28;
const MAX_CHUNK = 1 << 26;
const MAX_CPUS = 4096;
const MAX_STRING = 4096;

export function isTraceDat(start: Uint8Array): boolean {
  return MAGIC.every((byte, i) => start[i] === byte);
}

/** Reads on through a file or a part of one; beyond the end is a FormatError. */
class Reader {
  constructor(
    private readonly blob: Blob,
    public at = 0,
  ) {}

  bytes(length: number): Uint8Array {
    if (length > MAX_PART || this.at + length > this.blob.size) {
      throw new FormatError(`cut short or damaged: ${length} bytes should follow byte ${this.at}`);
    }
    const bytes = this.blob.read(this.at, length);
    if (bytes.length < length)
      throw new FormatError(`ends within the ${length} bytes at ${this.at}`);
    this.at += length;
    return bytes;
  }

  /** A little-endian number. Beyond what a double holds it is damage, and as large as it seems. */
  number(size: number): number {
    const bytes = this.bytes(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[i];
    return value;
  }

  /** A text with its length in front, as a number of `size` bytes. */
  text(size: number): string {
    return latin1(this.bytes(this.number(size)));
  }

  /** A text up to its NUL. */
  string(): string {
    const start = this.at;
    const found = this.blob.read(start, Math.min(MAX_STRING, this.blob.size - start));
    const end = found.indexOf(0);
    if (end < 0) throw new FormatError(`damaged: no text at byte ${start}`);
    this.at = start + end + 1;
    return latin1(found.subarray(0, end));
  }

  expect(text: string): void {
    const start = this.at;
    if (latin1(this.bytes(text.length)) !== text) {
      throw new FormatError(`damaged: '${text.replace(/\0/g, '')}' should be at byte ${start}`);
    }
  }
}

/** Pages in packed chunks: how many chunks, and of each its packed and its unpacked size. */
class PackedPages implements PageSource {
  fault: string | undefined;
  readonly #reader: Reader;
  #left: number | undefined;
  #chunk: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(
    blob: Blob,
    readonly cpu: number,
    offset: number,
    readonly size: number,
    private readonly pageSize: number,
    private readonly unpack: (packed: Uint8Array, size: number) => Uint8Array,
  ) {
    this.#reader = new Reader(blob, offset);
  }

  next(): Uint8Array | undefined {
    while (this.#used >= this.#chunk.length) {
      try {
        if (!this.#nextChunk()) return undefined;
      } catch (error) {
        // Nothing tells where the next chunk would be.
        this.fault = error instanceof Error ? error.message : String(error);
        this.#left = 0;
        return undefined;
      }
    }
    const start = this.#used;
    this.#used = Math.min(start + this.pageSize, this.#chunk.length);
    return this.#chunk.subarray(start, this.#used);
  }

  #nextChunk(): boolean {
    this.#left ??= this.#reader.number(4);
    if (this.#left === 0) return false;
    this.#left--;
    const packed = this.#reader.number(4);
    const size = this.#reader.number(4);
    if (size > MAX_CHUNK || packed > MAX_CHUNK) throw new FormatError(`a chunk of ${size} bytes`);
    this.#chunk = this.unpack(this.#reader.bytes(packed), size);
    this.#used = 0;
    return true;
  }
}

/** A part of the file in memory. */
const inMemory = (bytes: Uint8Array): Blob => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

function readHeaderInfo(reader: Reader): { headerPage: string; headerEvent: string } {
  reader.expect('header_page\0');
  const headerPage = reader.text(8);
  reader.expect('header_event\0');
  return { headerPage, headerEvent: reader.text(8) };
}

function readFtraceEvents(reader: Reader): string[] {
  const events: string[] = [];
  for (let count = reader.number(4); count > 0; count--) events.push(reader.text(8));
  return events;
}

function readEventFormats(reader: Reader): string[] {
  const events: string[] = [];
  for (let systems = reader.number(4); systems > 0; systems--) {
    reader.string();
    for (let count = reader.number(4); count > 0; count--) events.push(reader.text(8));
  }
  return events;
}

/** Options up to the last; of version 6 they end with a zero. */
function readOptions(
  reader: Reader,
  sections: boolean,
  take: (id: number, option: Reader, text: () => string) => void,
): number {
  for (;;) {
    const id = reader.number(2);
    if (id === 0 && !sections) return 0;
    const bytes = reader.bytes(reader.number(4));
    const option = new Reader(inMemory(bytes));
    if (id === 0) return option.number(8);
    take(id, option, () => latin1(bytes).replace(/\0.*$/s, ''));
  }
}

function readCpuCount(reader: Reader): number {
  const cpus = reader.number(4);
  if (cpus > MAX_CPUS) throw new FormatError(`damaged: pages of ${cpus} CPUs`);
  return cpus;
}

/** Where the pages of each CPU lie, of version 6. */
function readPlaces(reader: Reader, blob: Blob, cpus: number, pageSize: number): PageSource[] {
  const sources: PageSource[] = [];
  for (let cpu = 0; cpu < cpus; cpu++) {
    const offset = reader.number(8);
    const size = reader.number(8);
    sources.push(new PlainPages(blob, cpu, offset, size, pageSize));
  }
  return sources;
}

/** trace-cmd.dat.v6(5): one part behind the other. */
function readVersion6(reader: Reader, blob: Blob, pageSize: number): TraceDat {
  const header = readHeaderInfo(reader);
  const ftrace = readFtraceEvents(reader);
  const events = [...ftrace, ...readEventFormats(reader)];
  const kallsyms = reader.bytes(reader.number(4));
  // printk_formats
  reader.text(4);
  const cmdlines = reader.text(8);
  const cpuCount = readCpuCount(reader);
  let clock: string | undefined;
  const instances: { offset: number; name: string }[] = [];
  let kind = latin1(reader.bytes(10));
  if (kind === 'options  \0') {
    readOptions(reader, false, (id, option, text) => {
      if (id === Id.clock) clock = text();
      if (id === Id.buffer) instances.push({ offset: option.number(8), name: option.string() });
    });
    kind = latin1(reader.bytes(10));
  }
  requirePages(kind);
  const buffers = [{ name: '', cpus: readPlaces(reader, blob, cpuCount, pageSize) }];
  for (const { offset, name } of instances) {
    const place = new Reader(blob, offset);
    requirePages(latin1(place.bytes(10)));
    buffers.push({ name, cpus: readPlaces(place, blob, cpuCount, pageSize) });
  }
  const files = { ...header, events };
  return { version: 6, files, kallsyms, cmdlines, clock, cpuCount, buffers };
}

function requirePages(kind: string): void {
  if (kind === 'latency  \0') {
    throw new FormatError("holds a latency tracer's text, not pages: trace-cmd report prints it");
  }
  if (kind !== 'flyrecord\0') throw new FormatError('damaged: neither pages nor text follow');
}

/** trace-cmd.dat.v7(5): sections, and options that tell where they are. */
function readVersion7(reader: Reader, blob: Blob, unpack: Unpack): TraceDat {
  const algorithm = reader.string();
  reader.string();
  let next = reader.number(8);
  const places = new Map<number, number>();
  const told: Reader[] = [];
  let clock: string | undefined;
  let cpuCount = 0;
  const visited = new Set<number>();
  while (next !== 0) {
    if (visited.has(next)) throw new FormatError('damaged: its options go round in a circle');
    visited.add(next);
    const section = openSection(blob, next, Id.options, algorithm, unpack);
    next = readOptions(section.reader, true, (id, option, text) => {
      if (id === Id.clock) clock = text();
      else if (id === Id.buffer) told.push(option);
      else if (id === Id.cpuCount) cpuCount = option.number(4);
      else if (id >= Id.headerInfo) places.set(id, option.number(8));
    });
  }
  const part = (id: number) => {
    const offset = places.get(id);
    return offset === undefined
      ? undefined
      : openSection(blob, offset, id, algorithm, unpack).reader;
  };
  const header = part(Id.headerInfo);
  const ftrace = part(Id.ftraceEvents);
  const formats = part(Id.eventFormats);
  const symbols = part(Id.kallsyms);
  const names = part(Id.cmdlines);
  if (header === undefined || ftrace === undefined || symbols === undefined) {
    throw new FormatError('holds no format files or no kallsyms: it was recorded by halves');
  }
  const files = {
    ...readHeaderInfo(header),
    events: [
      ...readFtraceEvents(ftrace),
      ...(formats === undefined ? [] : readEventFormats(formats)),
    ],
  };
  const buffers = told.map((option): TraceBuffer => {
    const offset = option.number(8);
    const name = option.string();
    const used = option.string();
    if (name === '' || clock === undefined) clock = used;
    const pageSize = requirePageSize(option.number(4));
    const { packed } = openSection(blob, offset, Id.buffer, algorithm, unpack, true);
    const cpus: PageSource[] = [];
    for (let count = readCpuCount(option); count > 0; count--) {
      const cpu = option.number(4);
      const at = option.number(8);
      const size = option.number(8);
      if (cpu >= MAX_CPUS) throw new FormatError(`damaged: pages of CPU ${cpu}`);
      // A CPU without pages has no chunks either, not even their count.
      cpus.push(
        packed && size > 0
          ? new PackedPages(blob, cpu, at, size, pageSize, (b, n) => unpack(algorithm, b, n))
          : new PlainPages(blob, cpu, at, size, pageSize),
      );
    }
    return { name, cpus };
  });
  return {
    version: 7,
    files,
    kallsyms: symbols.bytes(symbols.number(4)),
    cmdlines: names === undefined ? '' : names.text(8),
    clock,
    cpuCount,
    buffers,
  };
}

/** A section's content, unpacked; of pages, which are packed otherwise, only whether they are. */
function openSection(
  blob: Blob,
  offset: number,
  wanted: number,
  algorithm: string,
  unpack: Unpack,
  pages = false,
): { reader: Reader; packed: boolean } {
  const reader = new Reader(blob, offset);
  const id = reader.number(2);
  const packed = (reader.number(2) & COMPRESSED) !== 0;
  if (id !== wanted)
    throw new FormatError(`damaged: section ${wanted} should be at byte ${offset}`);
  // The number of a description, and the section's size.
  reader.bytes(12);
  if (!packed || pages) return { reader, packed };
  const size = reader.number(4);
  const unpacked = reader.number(4);
  if (unpacked > MAX_PART) throw new FormatError(`damaged: a section of ${unpacked} bytes`);
  return { reader: new Reader(inMemory(unpack(algorithm, reader.bytes(size), unpacked))), packed };
}

function requirePageSize(size: number): number {
  if (size < 64 || size > 1 << 24 || size % 4 !== 0) {
    throw new FormatError(`damaged: pages of ${size} bytes`);
  }
  return size;
}

/**
 * Reads all of a trace.dat (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)) but its pages, which are read one by
 * one from their sources. Throws FormatError when it is none, is damaged, or is of a kind that is not read.
 */
export function readTraceDat(blob: Blob, unpack: Unpack): TraceDat {
  const reader = new Reader(blob);
  if (!isTraceDat(blob.read(0, MAGIC.length))) throw new FormatError('is no trace.dat');
  reader.at = MAGIC.length;
  const version = reader.string();
  if (version !== '6' && version !== '7') {
    throw new FormatError(`is a trace.dat of version ${version}: versions 6 and 7 are read`);
  }
  if (reader.number(1) !== 0) throw new FormatError('was recorded on a big-endian machine');
  // Bytes of a long; header_page tells the kernel's.
  reader.number(1);
  const pageSize = requirePageSize(reader.number(4));
  return version === '6'
    ? readVersion6(reader, blob, pageSize)
    : readVersion7(reader, blob, unpack);
}
