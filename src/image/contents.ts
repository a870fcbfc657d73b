import {
  chmodSync,
  closeSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  symlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ToolError } from '../stream/errors.js';
import { type How, run } from './run.js';

/** A pattern like `usr/lib/python3*`, in which a star stands for any part of one name. */
function matcher(pattern: string): RegExp {
  const quoted = pattern.split('*').map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${quoted.join('[^/]*')}$`);
}

const join = (directory: string, name: string) =>
  directory === '' ? name : `${directory}/${name}`;

function isElf(file: string): boolean {
  const magic = Buffer.alloc(4);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, magic, 0, 4, 0);
  } finally {
    closeSync(fd);
  }
  return magic.toString('latin1') === '\x7fELF';
}

/**
 * The libraries in what the dynamic linker's `--list` prints, relative to `root`:
 *
 *     linux-vdso.so.1 (0x00007f5779296000)
 *     libz.so.1 => /root/usr/lib/x86_64-linux-gnu/libz.so.1 (0x00007f5779266000)
 *     /lib64/ld-linux-x86-64.so.2 => /root/lib64/ld-linux-x86-64.so.2 (0x00007f5779298000)
 *     libnone.so.2 => not found
 *
 * The linker itself is listed by the path that programs have for it. Throws where a library is not below
 * `root`; `file` is whose libraries they are.
 */
export function listedLibraries(list: string, root: string, file: string): string[] {
  return list.split('\n').flatMap((line) => {
    const match = /^\s*(\S+)(?: => (.*?))?(?: \(0x[0-9a-f]+\))?$/.exec(line);
    if (match === null) return [];
    const [, wanted, found] = match;
    if (wanted.startsWith('/')) return [wanted.slice(1)];
    if (found === undefined) return [];
    if (!found.startsWith(`${root}/`)) {
      throw new ToolError(`${file}: its library ${wanted} is in none of the packages`);
    }
    return [found.slice(root.length + 1)];
  });
}

/** Copies a file to `path` below `stage`, with one of two modes: 755 or 644. */
export function placeFile(from: string, stage: string, path: string): void {
  mkdirSync(dirname(`${stage}/${path}`), { recursive: true });
  copyFileSync(from, `${stage}/${path}`);
  chmodSync(`${stage}/${path}`, lstatSync(from).mode & 0o100 ? 0o755 : 0o644);
}

/**
 * Chooses what goes into an image from a tree of unpacked packages. Paths are relative to its root, and
 * links are followed as if that were `/`.
 */
export class Contents {
  /** Files and links, but no directories: `usr/bin/python3`, `usr/bin/python3.13`. */
  private readonly chosen = new Set<string>();
  private readonly excluded: readonly RegExp[];

  constructor(
    private readonly root: string,
    exclude: readonly string[] = [],
  ) {
    this.excluded = exclude.map(matcher);
  }

  get paths(): string[] {
    return [...this.chosen].sort();
  }

  /** The paths that a pattern stands for, sorted. */
  expand(pattern: string): string[] {
    return pattern.split('/').reduce(
      (directories, part) => {
        const match = matcher(part);
        return directories.flatMap((directory) =>
          this.names(directory)
            .filter((name) => match.test(name))
            .map((name) => join(directory, name)),
        );
      },
      [''],
    );
  }

  /** Adds what a pattern stands for, directories as a whole. Throws where that is nothing. */
  include(pattern: string): void {
    const paths = this.expand(pattern);
    if (paths.length === 0) throw new ToolError(`${pattern}: in none of the packages`);
    for (const path of paths) this.add(path);
  }

  /**
   * Adds the shared libraries that the chosen programs and libraries need, as they are found by the
   * dynamic linker of the tree itself: the host's would find its own.
   */
  async includeLibraries(signal: AbortSignal): Promise<void> {
    for (const file of this.paths) {
      const path = `${this.root}/${file}`;
      if (!lstatSync(path).isFile() || !isElf(path)) continue;
      const list = await this.link(file, ['--list', path], { signal, env: {} });
      for (const library of listedLibraries(list, this.root, file)) this.add(library);
    }
  }

  /** Runs a program of the tree, which need not be of the host's suite, with the tree's own libraries. */
  runProgram(path: string, args: readonly string[], how: How): Promise<string> {
    return this.link(path, [`${this.root}/${path}`, ...args], how);
  }

  /** Copies what was chosen. */
  copyTo(stage: string): void {
    for (const path of this.paths) {
      const from = `${this.root}/${path}`;
      if (lstatSync(from).isSymbolicLink()) {
        mkdirSync(dirname(`${stage}/${path}`), { recursive: true });
        symlinkSync(readlinkSync(from), `${stage}/${path}`);
      } else {
        placeFile(from, stage, path);
      }
    }
  }

  private link(what: string, args: readonly string[], how: How): Promise<string> {
    const [linker] = ['lib64/ld-linux*.so.*', 'lib/ld-linux*.so.*'].flatMap((p) => this.expand(p));
    if (linker === undefined) throw new ToolError('no dynamic linker in the packages');
    const where = this.expand('usr/lib/*-linux-gnu*').map((path) => `${this.root}/${path}`);
    const options = ['--inhibit-cache', '--library-path', where.join(':')];
    return run(what, `${this.root}/${linker}`, [...options, ...args], how);
  }

  private names(directory: string): string[] {
    try {
      return readdirSync(`${this.root}/${directory}`).sort();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return [];
      throw error;
    }
  }

  private add(path: string): void {
    this.walk('', path.split('/'), []);
  }

  /**
   * Walks along `parts` from `directory`, and at their end takes in all that is there. With a file go the
   * links that were passed on the way to it; a link that leads nowhere is left out.
   */
  private walk(directory: string, parts: readonly string[], links: readonly string[]): void {
    const [name, ...rest] = parts;
    if (name === undefined) {
      for (const entry of this.names(directory)) this.walk(directory, [entry], links);
      return;
    }
    if (name === '' || name === '.') {
      this.walk(directory, rest, links);
      return;
    }
    if (name === '..') {
      this.walk(directory.replace(/\/?[^/]*$/, ''), rest, links);
      return;
    }
    const path = join(directory, name);
    if (this.excluded.some((pattern) => pattern.test(path))) return;
    const stat = lstatSync(`${this.root}/${path}`, { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      this.walk(path, rest, links);
    } else if (stat?.isSymbolicLink() && !links.includes(path)) {
      const target = readlinkSync(`${this.root}/${path}`);
      const from = target.startsWith('/') ? '' : directory;
      this.walk(from, [...target.split('/'), ...rest], [...links, path]);
    } else if (stat?.isFile() && rest.length === 0) {
      for (const chosen of [...links, path]) this.chosen.add(chosen);
    }
  }
}
