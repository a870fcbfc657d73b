import { readFileSync } from 'node:fs';
import { FormatError, type FormatFiles, type Layout, parseLayout } from '../ringbuffer/format.js';
import { Symbols } from '../ringbuffer/symbols.js';
import { readBytes } from '../stream/io.js';
import { readControl, readControlIfAny, unavailable } from './control.js';
import { FunctionNumbers } from './numbers.js';

const EVENTS = ['funcgraph_entry', 'funcgraph_exit', 'function', 'print'];

/** What the pure reader makes of a kernel's files; what it cannot read is told with its place. */
function understood<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw unavailable(`${place}: ${error.message}`);
    throw error;
  }
}

/** What this kernel says about its ring buffer, and about that of one place. */
export function readFormats(tracefs: string, place: string): FormatFiles {
  const header = 'events/header_page';
  return {
    headerPage: readControlIfAny(`${place}/${header}`) ?? readControl(`${tracefs}/${header}`),
    headerEvent: readControl(`${tracefs}/events/header_event`),
    events: EVENTS.flatMap(
      (name) => readControlIfAny(`${tracefs}/events/ftrace/${name}/format`) ?? [],
    ),
  };
}

/** The layout of the pages that one place hands out: sub-buffers can be made larger (6.9). */
export function layoutOf(formats: FormatFiles, place: string): Layout {
  const layout = understood(`${place}/events`, () => parseLayout(formats));
  const kilobytes = Number(readControlIfAny(`${place}/buffer_subbuf_size_kb`));
  return kilobytes > 0 ? { ...layout, pageSize: kilobytes * 1024 } : layout;
}

/** The names of functions by a kallsyms file. Throws when it does not tell their addresses. */
export function symbolsOf(kallsyms: Uint8Array, file: string): Symbols {
  return understood(file, () => new Symbols(kallsyms));
}

/** Which modules there are, and where: by them functions have their addresses, names and numbers. */
export function readModules(): string {
  try {
    // overlay 151552 1 - Live 0xffffffffc0555000: how many use it does not matter.
    return readFileSync('/proc/modules', 'latin1').replace(/^(\S+ \d+) \d+ \S+/gm, '$1');
  } catch {
    return '';
  }
}

function readNumbers(tracefs: string, kallsyms: string): FunctionNumbers {
  const addresses = readControlIfAny(`${tracefs}/available_filter_functions_addrs`);
  return addresses === undefined
    ? FunctionNumbers.fromNames(
        readControl(`${tracefs}/available_filter_functions`),
        readBytes(kallsyms).toString('latin1'),
      )
    : FunctionNumbers.fromAddresses(addresses);
}

/** The numbers that the filter files know functions by, read again when a module has come or gone. */
export function functionNumbers(tracefs: string, kallsyms: string): () => FunctionNumbers {
  let modules = readModules();
  let numbers = readNumbers(tracefs, kallsyms);
  return () => {
    const now = readModules();
    if (now !== modules) {
      modules = now;
      numbers = readNumbers(tracefs, kallsyms);
    }
    return numbers;
  };
}

/** The highest number that a CPU of this machine can have: `0-3` is 3. */
export function lastCpu(): number {
  try {
    return Number(
      /(\d+)\s*$/.exec(readFileSync('/sys/devices/system/cpu/possible', 'latin1'))?.[1],
    );
  } catch {
    return 0;
  }
}
