import {
  closeSync,
  createReadStream,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UsageError } from './errors.js';
import { writeAll } from './io.js';

/** A file that can be read at any place. */
export class FileBlob {
  readonly size: number;

  constructor(
    readonly fd: number,
    readonly place: string,
  ) {
    this.size = fstatSync(fd).size;
  }

  /** Bytes from `offset` on, fewer than `length` at the end. */
  read(offset: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    // No Buffer: its slice() copies nothing.
    const bytes = new Uint8Array(wanted);
    let got = 0;
    while (got < wanted) {
      const count = readSync(this.fd, bytes, got, wanted - got, offset + got);
      if (count === 0) break;
      got += count;
    }
    return bytes.subarray(0, got);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** A file without a name: nothing is left of it, however this process ends. */
function openNameless(): number {
  let directory: string;
  try {
    directory = mkdtempSync(join(tmpdir(), 'kernel-surface-'));
  } catch (error) {
    (error as NodeJS.ErrnoException & { place?: string }).place = tmpdir();
    throw error;
  }
  try {
    return openSync(join(directory, 'spool'), 'w+', 0o600);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Copies all of a stream, unpacked if asked for, to where it can be read at any place. */
async function spool(from: Readable, place: string, unpack: boolean): Promise<FileBlob> {
  const fd = openNameless();
  const write = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) writeAll(fd, chunk);
  };
  try {
    if (unpack) await pipeline(from, createGunzip(), write);
    else await pipeline(from, write);
  } catch (error) {
    closeSync(fd);
    const e = error as NodeJS.ErrnoException & { place?: string };
    if (e.code?.startsWith('Z_')) {
      throw new UsageError(`${place}: the gzip data is damaged: ${e.message}`);
    }
    e.place = e.syscall === 'write' ? tmpdir() : place;
    throw e;
  }
  return new FileBlob(fd, place);
}

const isGzip = (blob: FileBlob) => {
  const magic = blob.read(0, 2);
  return magic[0] === 0x1f && magic[1] === 0x8b;
};

/**
 * A file, or standard input for `-`, to be read at any place: a pipe and what gzip has packed are copied to a
 * nameless temporary file first.
 */
export async function openBlob(path: string): Promise<FileBlob> {
  const place = path === '-' ? 'stdin' : path;
  let plain: FileBlob;
  try {
    const fd = path === '-' ? 0 : openSync(path, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new UsageError(`${place}: is a directory, not a file`);
    plain = stat.isFile()
      ? new FileBlob(fd, place)
      : await spool(createReadStream('', { fd, autoClose: false }), place, false);
  } catch (error) {
    const e = error as NodeJS.ErrnoException & { place?: string };
    if (e.code !== undefined) e.place ??= place;
    throw e;
  }
  if (!isGzip(plain)) return plain;
  const packed = createReadStream('', { fd: plain.fd, autoClose: false, start: 0 });
  const unpacked = await spool(packed, place, true);
  plain.close();
  return unpacked;
}
