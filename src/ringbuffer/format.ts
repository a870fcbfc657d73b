/** A description of the ring buffer that cannot be read, or one of a kernel that this code does not know. */
export class FormatError extends Error {}

/** What tracefs says about its ring buffer: the texts of its files. */
export interface FormatFiles {
  /** `events/header_page` */
  readonly headerPage: string;
  /** `events/header_event` */
  readonly headerEvent: string;
  /** `events/SYSTEM/EVENT/format`, of every event that may be in the buffer. */
  readonly events: readonly string[];
}

export interface Field {
  readonly type: string;
  readonly name: string;
  /** Bytes from the start of the record. */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
}

/** An event by its `format` file. */
export class EventFormat {
  #fields: readonly Field[] | undefined;

  constructor(
    readonly name: string,
    readonly id: number,
    private readonly text: string,
  ) {}

  /** Without the common ones. Read when asked for: a trace.dat describes two thousand events. */
  get fields(): readonly Field[] {
    this.#fields ??= fieldsOf(this.text).filter((f) => !f.name.startsWith('common_'));
    return this.#fields;
  }
}

/** What a record is to the printers. */
export const Record = {
  other: 0,
  entry: 1,
  exit: 2,
  call: 3,
} as const;

/** A function's entry in function_graph: places in 32-bit words from the start of the record. */
export interface EntryRecord {
  readonly words: number;
  readonly func: number;
  readonly depth: number;
}

/** A function's return in function_graph; times are nanoseconds of 64 bits. */
export interface ExitRecord extends EntryRecord {
  /** -1 where the kernel has none. */
  readonly overrun: number;
  readonly calltime: number;
  readonly rettime: number;
}

/** A call of the function tracer. */
export interface CallRecord {
  readonly words: number;
  readonly ip: number;
  readonly parent: number;
}

/** How one kernel lays out its ring buffer. */
export interface Layout {
  /** Bytes of a `long` of that kernel: 4 or 8. */
  readonly longSize: number;
  /** Bytes in front of a sub-buffer's events. */
  readonly dataOffset: number;
  /** Bytes of a whole sub-buffer, as that kernel hands them out. */
  readonly pageSize: number;
  /** By event id, what its record is (see Record). */
  readonly kinds: Uint8Array;
  readonly entry: EntryRecord | undefined;
  readonly exit: ExitRecord | undefined;
  readonly call: CallRecord | undefined;
  readonly events: ReadonlyMap<number, EventFormat>;
}

// 	field:unsigned long func;	offset:8;	size:8;	signed:0;
const FIELD = /^\s*field:\s*(.+?)\s*;\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?\s*$/;

/** `char comm[16]`, `__data_loc char[] name`, `unsigned long func`: the type, and the name behind it. */
function declared(text: string): { type: string; name: string } {
  const m = /^(.*?)([A-Za-z_]\w*)\s*(\[[^\]]*\])?$/.exec(text);
  if (m === null) return { type: text, name: text };
  return { type: (m[1].trim() + (m[3] ?? '')).trim(), name: m[2] };
}

function fieldsOf(text: string): Field[] {
  const fields: Field[] = [];
  for (const line of text.split('\n')) {
    const m = FIELD.exec(line);
    if (m === null) continue;
    const { type, name } = declared(m[1]);
    const offset = Number(m[2]);
    const size = Number(m[3]);
    // No record is that long.
    if (offset + size > 1 << 16) continue;
    fields.push({ type, name, offset, size, signed: m[4] === '1' });
  }
  return fields;
}

/** The fields that every record begins with; they have not moved since there are format files. */
const COMMON: readonly (readonly [string, number, number])[] = [
  ['common_type', 0, 2],
  ['common_flags', 2, 1],
  ['common_preempt_count', 3, 1],
  ['common_pid', 4, 4],
];

/** An event's `format` file. Throws FormatError when it is none. */
export function parseEvent(text: string): EventFormat {
  const name = /^name:\s*(\S+)/m.exec(text)?.[1];
  const id = /^ID:\s*(\d{1,9})\b/m.exec(text)?.[1];
  if (name === undefined || id === undefined) {
    throw new FormatError('no format file of an event: it has no name or no ID');
  }
  if (Number(id) > 0xffff) {
    throw new FormatError(`event ${name} has the ID ${id}: 65535 is the last`);
  }
  return new EventFormat(name, Number(id), text);
}

/** Throws FormatError unless the event's record begins as all do. */
function requireCommon(event: EventFormat, text: string): void {
  const fields = fieldsOf(text);
  for (const [common, offset, size] of COMMON) {
    const field = fields.find((f) => f.name === common);
    if (field?.offset !== offset || field.size !== size) {
      throw new FormatError(`event ${event.name}: ${common} is not the ${size} bytes at ${offset}`);
    }
  }
}

/** Where a number of a record lies, in words. */
function word(event: EventFormat, name: string, sizes: readonly number[]): number {
  const field = event.fields.find((f) => f.name === name);
  if (field === undefined) throw new FormatError(`event ${event.name} has no field ${name}`);
  if (field.offset % 4 !== 0 || !sizes.includes(field.size)) {
    throw new FormatError(
      `event ${event.name}: ${name} is ${field.size} bytes at ${field.offset}, not ${sizes.join(' or ')} at a multiple of 4`,
    );
  }
  return field.offset >> 2;
}

/** The events this code reads itself. */
const TRACERS = new Set(['funcgraph_entry', 'funcgraph_exit', 'function']);

/** Words up to the end of the last of these fields. */
const wordsTo = (event: EventFormat, names: readonly string[]) =>
  Math.max(...event.fields.filter((f) => names.includes(f.name)).map((f) => f.offset + f.size)) >>
  2;

/**
 * The layout by the files of one kernel's tracefs. Nothing is taken for granted but the head of a
 * record and the five kinds of event header: depths, return records and page sizes differ between
 * kernels. Throws FormatError with the reason where a file says something this code cannot read.
 */
export function parseLayout(files: FormatFiles): Layout {
  const page = fieldsOf(files.headerPage);
  const timestamp = page.find((f) => f.name === 'timestamp');
  const commit = page.find((f) => f.name === 'commit');
  const data = page.find((f) => f.name === 'data');
  if (timestamp === undefined || commit === undefined || data === undefined) {
    throw new FormatError('header_page: it tells of no timestamp, commit or data');
  }
  const longSize = commit.size;
  const known =
    timestamp.offset === 0 &&
    timestamp.size === 8 &&
    commit.offset === 8 &&
    (longSize === 4 || longSize === 8) &&
    data.offset === 8 + longSize;
  if (!known) throw new FormatError('header_page: not the head of a sub-buffer that is known');
  for (const [kind, type] of [
    ['padding', 29],
    ['time_extend', 30],
    ['time_stamp', 31],
  ] as const) {
    const told = new RegExp(`^\\s*${kind}\\s*: type == +(\\d+)`, 'm').exec(files.headerEvent)?.[1];
    // Kernels of before 4.17 tell of no time_stamp, and write none.
    if (told === undefined && kind === 'time_stamp') continue;
    if (Number(told) !== type) throw new FormatError(`header_event: ${kind} is not type ${type}`);
  }

  const events = new Map<number, EventFormat>();
  const kinds = new Uint8Array(1 << 16);
  let entry: EntryRecord | undefined;
  let exit: ExitRecord | undefined;
  let call: CallRecord | undefined;
  let retaddr: EventFormat | undefined;
  for (const text of files.events) {
    const event = parseEvent(text);
    events.set(event.id, event);
    const long = [longSize];
    if (TRACERS.has(event.name)) requireCommon(event, text);
    if (event.name === 'funcgraph_entry') {
      kinds[event.id] = Record.entry;
      entry = {
        words: wordsTo(event, ['func', 'depth']),
        func: word(event, 'func', long),
        depth: word(event, 'depth', [4, longSize]),
      };
    } else if (event.name === 'fgraph_retaddr_entry') {
      retaddr = event;
    } else if (event.name === 'funcgraph_exit') {
      kinds[event.id] = Record.exit;
      exit = {
        words: wordsTo(event, ['func', 'depth', 'overrun', 'calltime', 'rettime']),
        func: word(event, 'func', long),
        depth: word(event, 'depth', [4, longSize]),
        overrun: event.fields.some((f) => f.name === 'overrun')
          ? word(event, 'overrun', [4, longSize])
          : -1,
        calltime: word(event, 'calltime', [8]),
        rettime: word(event, 'rettime', [8]),
      };
    } else if (event.name === 'function') {
      kinds[event.id] = Record.call;
      call = {
        words: wordsTo(event, ['ip', 'parent_ip']),
        ip: word(event, 'ip', long),
        parent: word(event, 'parent_ip', long),
      };
    }
  }
  if ((entry === undefined) !== (exit === undefined)) {
    throw new FormatError('the formats of funcgraph_entry and funcgraph_exit belong together');
  }
  if (entry === undefined && call === undefined) {
    throw new FormatError(
      'neither the formats of funcgraph_entry and funcgraph_exit nor that of function',
    );
  }
  // With funcgraph-retaddr, from 6.13 until it was put among the arguments: an entry, and one field more.
  if (retaddr !== undefined && entry !== undefined) {
    const long = [longSize];
    const same =
      word(retaddr, 'func', long) === entry.func &&
      word(retaddr, 'depth', [4, longSize]) === entry.depth;
    if (same) kinds[retaddr.id] = Record.entry;
  }
  const pageSize = data.offset + data.size;
  return {
    longSize,
    dataOffset: data.offset,
    pageSize,
    kinds,
    entry,
    exit,
    call,
    events,
  };
}
