import { deflateSync } from 'node:zlib';
import type { FormatFiles } from '../../src/ringbuffer/format.js';

/** What a file of version 7 is made of, by trace-cmd.dat.v7(5). */
export interface Parts7 {
  readonly files: FormatFiles;
  readonly kallsyms: Uint8Array;
  readonly cmdlines: string;
  readonly cpuCount: number;
  readonly pageSize: number;
  readonly buffers: readonly {
    readonly name: string;
    readonly clock: string;
    /** The bytes of a CPU's pages, by its number. */
    readonly cpus: ReadonlyMap<number, Uint8Array>;
  }[];
  readonly algorithm: 'none' | 'zlib' | 'zstd';
  /** What compresses; zlib's own if nothing is said. */
  readonly pack?: (bytes: Uint8Array) => Uint8Array;
  /** Pages to a chunk, where they are packed. */
  readonly chunkPages?: number;
}

const number = (value: number, size: 2 | 4 | 8) => {
  const bytes = Buffer.alloc(size);
  if (size === 2) bytes.writeUInt16LE(value);
  else if (size === 4) bytes.writeUInt32LE(value);
  else bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string) => Buffer.from(value, 'latin1');
const counted = (value: string, size: 4 | 8) =>
  Buffer.concat([number(value.length, size), text(value)]);

/** A trace.dat of version 7, its options in two sections. */
export function traceDat7(parts: Parts7): Buffer {
  const { files, pageSize, algorithm } = parts;
  const packed = algorithm !== 'none';
  const pack = parts.pack ?? ((bytes: Uint8Array) => deflateSync(bytes));
  const out: Buffer[] = [];
  let at = 0;
  const put = (bytes: Buffer) => {
    out.push(bytes);
    at += bytes.length;
  };
  const section = (id: number, content: Buffer, compress: boolean) => {
    const offset = at;
    let body = content;
    if (compress) {
      const small = pack(content);
      body = Buffer.concat([number(small.length, 4), number(content.length, 4), small]);
    }
    put(
      Buffer.concat([
        number(id, 2),
        number(compress ? 1 : 0, 2),
        number(0, 4),
        number(body.length, 8),
        body,
      ]),
    );
    return offset;
  };
  const option = (id: number, content: Buffer) =>
    Buffer.concat([number(id, 2), number(content.length, 4), content]);

  put(Buffer.from([0x17, 0x08, 0x44]));
  put(text('tracing7\0'));
  put(Buffer.from([0, 8]));
  put(number(pageSize, 4));
  put(text(`${algorithm}\x001.2\0`));
  const start = at;
  put(number(0, 8));

  const places: Buffer[] = [];
  const place = (id: number, content: Buffer) => {
    places.push(option(id, number(section(id, content, packed), 8)));
  };
  const { headerPage, headerEvent } = files;
  place(
    16,
    Buffer.concat([
      text('header_page\0'),
      counted(headerPage, 8),
      text('header_event\0'),
      counted(headerEvent, 8),
    ]),
  );
  const ofFtrace = files.events.filter((event) => !event.startsWith('name: sched_'));
  const ofSched = files.events.filter((event) => event.startsWith('name: sched_'));
  const list = (events: readonly string[]) =>
    Buffer.concat([number(events.length, 4), ...events.map((event) => counted(event, 8))]);
  place(17, list(ofFtrace));
  place(18, Buffer.concat([number(1, 4), text('sched\0'), list(ofSched)]));
  place(19, Buffer.concat([number(parts.kallsyms.length, 4), Buffer.from(parts.kallsyms)]));
  place(20, counted('', 4));
  place(21, counted(parts.cmdlines, 8));

  const buffers = parts.buffers.map(({ name, clock, cpus }) => {
    const offset = section(3, Buffer.alloc(0), false);
    if (packed) out[out.length - 1].writeUInt16LE(1, 2);
    const told = [...cpus].map(([cpu, bytes]) => {
      let body = Buffer.from(bytes);
      if (packed && bytes.length > 0) {
        const chunks: Buffer[] = [];
        const size = pageSize * (parts.chunkPages ?? 10);
        for (let i = 0; i < bytes.length; i += size) {
          const chunk = bytes.subarray(i, i + size);
          const small = pack(chunk);
          chunks.push(Buffer.concat([number(small.length, 4), number(chunk.length, 4), small]));
        }
        body = Buffer.concat([number(chunks.length, 4), ...chunks]);
      } else {
        put(Buffer.alloc((pageSize - (at % pageSize)) % pageSize));
      }
      const cpuAt = at;
      put(body);
      return Buffer.concat([number(cpu, 4), number(cpuAt, 8), number(body.length, 8)]);
    });
    return option(
      3,
      Buffer.concat([
        number(offset, 8),
        text(`${name}\0${clock}\0`),
        number(pageSize, 4),
        number(told.length, 4),
        ...told,
      ]),
    );
  });
  const done = (next: number) => option(0, number(next, 8));
  const second = section(0, Buffer.concat([...buffers, done(0)]), false);
  const clocks = option(4, text('local [global] counter\0'));
  const count = option(8, number(parts.cpuCount, 4));
  const first = section(0, Buffer.concat([clocks, ...places, count, done(second)]), false);
  const file = Buffer.concat(out);
  file.writeBigUInt64LE(BigInt(first), start);
  return file;
}
