/** What standard input said: the names, each once, and the lines that are no names. */
export interface NameList {
  readonly names: ReadonlySet<string>;
  /** Who called a name, where a column `path` tells: `x64_sys_call;ksys_read;vfs_read`. */
  readonly callers: ReadonlyMap<string, string>;
  readonly garbage: number;
  /** The number, from 1, of the first line that is no name; 0 when there is none. */
  readonly firstGarbage: number;
}

export interface NameReader {
  /** Takes the next bytes of the input, cut anywhere. */
  take(bytes: Uint8Array): void;
  /** Takes the last line, which may lack its newline, and gives the result. */
  end(): NameList;
}

/** A longer line is no name: a bound, so that a line of 1 GB costs 64 KiB. */
const LINE_LIMIT = 65536;

const NEWLINE = 10;
const RETURN = 13;

const NAME = /^[A-Za-z0-9_.$]+$/;

// available_filter_functions puts a module's name behind its functions: `kvm_vcpu_ioctl [kvm]`.
const MODULE = /[ \t]+\[[^\]]*\]$/;

/**
 * The fields of a CSV line, `vfs_read,12,4711 4712,x64_sys_call;ksys_read;vfs_read` or `"vfs_read",12`;
 * undefined when a quote is not closed or is followed by text. A doubled quote stands for a quote
 * (RFC 4180). A record is one line: no field holds a newline.
 */
export function fieldsOf(line: string): string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at);
      fields.push(comma < 0 ? line.slice(at) : line.slice(at, comma));
      if (comma < 0) return fields;
      at = comma + 1;
      continue;
    }
    let end = at + 1;
    for (;;) {
      end = line.indexOf('"', end);
      if (end < 0) return undefined;
      if (line[end + 1] !== '"') break;
      end += 2;
    }
    fields.push(line.slice(at + 1, end).replaceAll('""', '"'));
    if (end + 1 === line.length) return fields;
    if (line[end + 1] !== ',') return undefined;
    at = end + 2;
  }
}

/**
 * Reads names: a plain list, one to a line, or CSV whose header's first column is `function`, perhaps
 * with a column `path`. The first line tells which. Blank lines are nothing, neither names nor garbage; a byte order mark, CR
 * before the newline and spaces around a name are ignored.
 */
export function nameReader(): NameReader {
  const names = new Set<string>();
  const decoder = new TextDecoder('latin1');
  const held = new Uint8Array(LINE_LIMIT);
  let heldLength = 0;
  let tooLong = false;
  let lines = 0;
  const callers = new Map<string, string>();
  let csv = false;
  let pathColumn = -1;
  let garbage = 0;
  let firstGarbage = 0;

  function takeLine(bytes: Uint8Array): void {
    lines++;
    let text = tooLong ? '\0' : decoder.decode(bytes).trim();
    tooLong = false;
    // The UTF-8 byte order mark as Latin-1.
    if (lines === 1 && text.startsWith('\u00ef\u00bb\u00bf')) text = text.slice(3);
    if (text === '') return;
    const fields = csv || lines === 1 ? fieldsOf(text) : undefined;
    if (lines === 1 && fields?.[0] === 'function') {
      csv = true;
      pathColumn = fields.indexOf('path');
      return;
    }
    const name = csv ? fields?.[0].trim() : text.replace(MODULE, '');
    if (name === undefined || !NAME.test(name)) {
      if (++garbage === 1) firstGarbage = lines;
      return;
    }
    names.add(name);
    const caller = csv ? fields?.[pathColumn]?.split(';').at(-2)?.trim() : undefined;
    if (caller !== undefined && NAME.test(caller)) callers.set(name, caller);
  }

  function hold(bytes: Uint8Array): void {
    if (heldLength + bytes.length > LINE_LIMIT) tooLong = true;
    else held.set(bytes, heldLength);
    heldLength = tooLong ? 0 : heldLength + bytes.length;
  }

  return {
    take(bytes) {
      let from = 0;
      for (;;) {
        const newline = bytes.indexOf(NEWLINE, from);
        if (newline < 0) break;
        if (heldLength > 0 || tooLong || newline - from > LINE_LIMIT) {
          if (!tooLong) hold(bytes.subarray(from, newline));
          takeLine(held.subarray(0, heldLength));
          heldLength = 0;
        } else {
          takeLine(bytes.subarray(from, newline));
        }
        from = newline + 1;
      }
      if (!tooLong && from < bytes.length) hold(bytes.subarray(from));
    },
    end() {
      const onlyReturn = heldLength === 1 && held[0] === RETURN;
      if (tooLong || (heldLength > 0 && !onlyReturn)) takeLine(held.subarray(0, heldLength));
      return { names, callers, garbage, firstGarbage };
    },
  };
}
