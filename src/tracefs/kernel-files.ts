import { existsSync, readFileSync } from 'node:fs';
import { type FormatFiles, type Layout, parseLayout } from '../ringbuffer/format.js';
import { readControl, readControlIfAny, unavailable } from './control.js';
import { FunctionNumbers } from './numbers.js';

const EVENTS = ['funcgraph_entry', 'funcgraph_exit', 'function', 'print'];

/** What this kernel says about its ring buffer. */
export function readFormats(tracefs: string): FormatFiles {
  return {
    headerPage: readControl(`${tracefs}/events/header_page`),
    headerEvent: readControl(`${tracefs}/events/header_event`),
    events: EVENTS.flatMap(
      (name) => readControlIfAny(`${tracefs}/events/ftrace/${name}/format`) ?? [],
    ),
  };
}

/** The layout of the pages that one place hands out: sub-buffers can be made larger (6.9). */
export function layoutOf(formats: FormatFiles, place: string): Layout {
  const layout = parseLayout(formats);
  const kilobytes = Number(readControlIfAny(`${place}/buffer_subbuf_size_kb`));
  return kilobytes > 0 ? { ...layout, pageSize: kilobytes * 1024 } : layout;
}

/** /proc/kallsyms, which a user without privileges reads as zeros. */
export function readKallsyms(): Buffer {
  const text = readFileSync('/proc/kallsyms');
  if (text.length === 0) throw unavailable('/proc/kallsyms: this kernel has no symbols to name');
  return text;
}

/** The modules there are, by which functions have their numbers. */
export function readModules(): string {
  return existsSync('/proc/modules')
    ? readFileSync('/proc/modules', 'latin1').replace(/ \d+ \d+ /g, ' ')
    : '';
}

/** The numbers that the filter files know functions by. */
export function readNumbers(tracefs: string): FunctionNumbers {
  const addresses = readControlIfAny(`${tracefs}/available_filter_functions_addrs`);
  return addresses === undefined
    ? FunctionNumbers.fromNames(
        readControl(`${tracefs}/available_filter_functions`),
        readKallsyms().toString('latin1'),
      )
    : FunctionNumbers.fromAddresses(addresses);
}

/** The highest number that a CPU of this machine can have: `0-3` is 3. */
export function lastCpu(): number {
  try {
    return Number(/(\d+)\s*$/.exec(readFileSync('/sys/devices/system/cpu/possible', 'latin1'))?.[1]);
  } catch {
    return 0;
  }
}
