import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A directory of source, read by paths relative to its root. Text is latin1: a character is a byte. */
export class Tree {
  constructor(readonly root: string) {}

  /** The text of a file, undefined where there is none. */
  read(path: string): string | undefined {
    try {
      return readFileSync(join(this.root, path), 'latin1');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
      throw error;
    }
  }

  /** The files under a directory whose paths pass, sorted; links are not followed. */
  files(under: string, passes: (path: string) => boolean): string[] {
    const found: string[] = [];
    const walk = (directory: string) => {
      for (const entry of this.entries(directory)) {
        const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
        if (entry.isDirectory()) {
          if (entry.name !== '.git') walk(path);
        } else if (entry.isFile() && passes(path)) {
          found.push(path);
        }
      }
    };
    walk(under);
    return found.sort();
  }

  private entries(directory: string): Dirent[] {
    try {
      return readdirSync(join(this.root, directory), { withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
