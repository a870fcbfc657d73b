import { sharedDirectory } from './source.js';

/** Where a function is defined. */
export interface Place {
  /** The source file as the table names it, without a leading `./`. */
  readonly file: string;
  /** In a table of GNU complexity itself tens of lines too small in a long file. */
  readonly line: number;
}

/** One definition that has been scored. */
export interface Definition extends Place {
  /** GNU complexity's score, a whole number from 0. */
  readonly score: number;
}

export interface Row extends Definition {
  readonly name: string;
}

/** What was kept of a table. */
export interface Table {
  /** The definitions of each wanted name, in the table's order. */
  readonly definitions: ReadonlyMap<string, readonly Definition[]>;
  /** Of the wanted names, definitions that the tool gave no score. */
  readonly unscored: ReadonlyMap<string, Place>;
  /** The version of the kernel, `6.1.192`, where a comment tells it. */
  readonly kernel: string | undefined;
  /** All rows of the table, kept or not. */
  readonly rows: number;
  readonly garbage: number;
  /** The number, from 1, of the first line that is neither row nor heading; 0 when there is none. */
  readonly firstGarbage: number;
  /** The directory all files of the table share, with its last slash; '' when there is none. */
  readonly shared: string;
  /** Whether all rows name one file, which a whole kernel's table never does. */
  readonly oneFile: boolean;
}

export interface TableReader {
  /** Takes the next line, without its newline. Gives nothing: fit as the mapper of split2. */
  take(line: string): void;
  /** How many lines have been taken. */
  lines(): number;
  end(): Table;
}

// Score | ln-ct | nc-lns| file-name(line): proc-name
//     1      14      12   ./fs/read_write.c(680): ksys_read
// The file is empty, or the last one, when complexity was given names on its standard input:
//     0       0       0   (441): marvel_kill_arch
const ROW = /^ *(\d+) +\d+ +\d+ +(.*)\((\d+)\): ([A-Za-z_$][\w$]*)$/;

// What kernel-complexity writes above the rows:
//   # Linux 6.1.192
//   # no score: ./fs/proc/base.c(3827): first_tid
const KERNEL = /^# Linux (\d+\.\d+[^\s,]*)/;
const UNSCORED = /^# no score: (?:\.\/)?(.*)\((\d+)\): ([A-Za-z_$][\w$]*)$/;

// What else GNU complexity prints: the heading, the totals, and with -h the histogram and its figures.
//   total nc-lns     3604
//   25%-ile score:              1 (75% in higher score procs)
//      0-9        1656 ************************************************************
const NOISE =
  /^(?:#.*|Complexity Scores|Score \| ln-ct \|.*|total nc-lns .*|Complexity Histogram|Score-Range +Lin-Ct|Scored procedure ct:.*|Non-comment line ct:.*|Average line score:.*|\d+%-ile score:.*|Highest score:.*|Unscored procedures:.*|No procedures were scored| *\d+-\d+ +\d+ *\**)$/;

/** What one line of GNU complexity's output is; a line of comment begins with `#`. */
export function parseLine(line: string): Row | 'noise' | 'garbage' {
  const row = ROW.exec(line);
  if (row !== null) {
    const file = row[2].startsWith('./') ? row[2].slice(2) : row[2];
    return { score: Number(row[1]), file, line: Number(row[3]), name: row[4] };
  }
  const text = line.trim();
  return text === '' || NOISE.test(text) ? 'noise' : 'garbage';
}

/** A copy of a string that does not hold on to the 64 KiB of input it was cut from. */
function copy(text: string): string {
  return [...text].join('');
}

/**
 * Reads a table and keeps only the rows whose name is wanted: the 593,179 rows of Linux 6.1 need
 * the memory of the few thousand that a trace can name. A row that occurs twice counts once.
 */
export function tableReader(wanted: ReadonlySet<string>): TableReader {
  const definitions = new Map<string, Definition[]>();
  const files = new Map<string, string>();
  let lines = 0;
  let rows = 0;
  let garbage = 0;
  let firstGarbage = 0;
  let firstFile = '';
  let lastFile = '';
  let oneFile = true;
  let shared: string | undefined;
  const unscored = new Map<string, Place>();
  let kernel: string | undefined;

  function takeComment(text: string): void {
    const without = UNSCORED.exec(text);
    if (without === null) {
      kernel ??= KERNEL.exec(text)?.[1];
    } else if (wanted.has(without[3])) {
      unscored.set(copy(without[3]), { file: copy(without[1]), line: Number(without[2]) });
    }
  }

  return {
    take(text) {
      lines++;
      const line = text.endsWith('\r') ? text.slice(0, -1) : text;
      const row = parseLine(line);
      if (row === 'noise') {
        takeComment(line);
        return;
      }
      if (row === 'garbage') {
        if (++garbage === 1) firstGarbage = lines;
        return;
      }
      if (++rows === 1) {
        firstFile = copy(row.file);
        lastFile = firstFile;
        shared = sharedDirectory(undefined, firstFile);
      } else if (row.file !== lastFile) {
        oneFile = false;
        lastFile = row.file;
        shared = sharedDirectory(shared, row.file);
      }
      if (!wanted.has(row.name)) return;
      let file = files.get(row.file);
      if (file === undefined) {
        file = copy(row.file);
        files.set(file, file);
      }
      const definition = { score: row.score, file, line: row.line };
      const known = definitions.get(row.name);
      if (known === undefined) definitions.set(copy(row.name), [definition]);
      else if (
        !known.some((d) => d.file === file && d.line === row.line && d.score === row.score)
      ) {
        known.push(definition);
      }
    },
    lines: () => lines,
    end() {
      return {
        definitions,
        unscored,
        kernel,
        rows,
        garbage,
        firstGarbage,
        shared: shared ?? '',
        oneFile,
      };
    },
  };
}
