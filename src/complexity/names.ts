/** What standard input said: the names, each once, and the lines that are no names. */
export interface NameList {
  readonly names: ReadonlySet<string>;
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
 * The first field of a CSV line: `vfs_read,12,4711 4712,x64_sys_call;ksys_read;vfs_read` gives `vfs_read`,
 * and so does `"vfs_read",12`; undefined when a quote is not closed or is followed by text. A doubled quote
 * stands for a quote (RFC 4180). A record is one line: no field before or after it holds a newline.
 */
export function firstField(line: string): string | undefined {
  if (!line.startsWith('"')) {
    const comma = line.indexOf(',');
    return comma < 0 ? line : line.slice(0, comma);
  }
  let at = 1;
  for (;;) {
    at = line.indexOf('"', at);
    if (at < 0) return undefined;
    if (line[at + 1] !== '"') break;
    at += 2;
  }
  const next = line[at + 1];
  if (next !== undefined && next !== ',') return undefined;
  return line.slice(1, at).replaceAll('""', '"');
}

/**
 * Reads names: a plain list, one to a line, or CSV whose header's first column is `function`. The
 * first line tells which. Blank lines are nothing, neither names nor garbage; a byte order mark, CR
 * before the newline and spaces around a name are ignored.
 */
export function nameReader(): NameReader {
  const names = new Set<string>();
  const decoder = new TextDecoder('latin1');
  const held = new Uint8Array(LINE_LIMIT);
  let heldLength = 0;
  let tooLong = false;
  let lines = 0;
  let csv = false;
  let garbage = 0;
  let firstGarbage = 0;

  function takeLine(bytes: Uint8Array): void {
    lines++;
    let text = tooLong ? '\0' : decoder.decode(bytes).trim();
    tooLong = false;
    // The UTF-8 byte order mark as Latin-1.
    if (lines === 1 && text.startsWith('\u00ef\u00bb\u00bf')) text = text.slice(3);
    if (text === '') return;
    if (lines === 1 && firstField(text) === 'function') {
      csv = true;
      return;
    }
    const name = csv ? firstField(text)?.trim() : text.replace(MODULE, '');
    if (name !== undefined && NAME.test(name)) names.add(name);
    else if (++garbage === 1) firstGarbage = lines;
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
      return { names, garbage, firstGarbage };
    },
  };
}
