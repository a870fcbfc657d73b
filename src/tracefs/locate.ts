import { closeSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { ToolError } from '../stream/errors.js';
import { openControl, readControl, readControlIfAny, unavailable } from './control.js';

const USUAL = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Mount points of tracefs, by the lines of /proc/mounts: `tracefs /sys/kernel/tracing tracefs rw 0 0`. */
export function tracefsMounts(mounts: string): string[] {
  const found: string[] = [];
  for (const line of mounts.split('\n')) {
    const [, path, type] = line.split(' ');
    if (type !== 'tracefs') continue;
    found.push(
      path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))),
    );
  }
  return found;
}

/** Whether a directory is a tracefs; undefined where its user may not look into it. */
function isTracefs(directory: string): boolean | undefined {
  try {
    return readdirSync(directory).includes('current_tracer');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' ? undefined : false;
  }
}

/** The directory of tracefs: `given`, or where it is mounted. Each way to have none is a sentence. */
export function locateTracefs(given?: string): string {
  if (given !== undefined) {
    if (isTracefs(given)) return given.replace(/(?<=.)\/+$/, '');
    throw unavailable(`${given}: no tracefs: there is no current_tracer in it`);
  }
  const candidates = [...USUAL, ...tracefsMounts(textOf('/proc/mounts'))];
  let closed: string | undefined;
  for (const directory of candidates) {
    const found = isTracefs(directory);
    if (found === true) return directory;
    if (found === undefined) closed ??= directory;
  }
  if (closed !== undefined && process.getuid?.() !== 0) {
    throw unavailable(`${closed}: permission denied: tracing needs root`);
  }
  if (!/\btracefs$/m.test(textOf('/proc/filesystems'))) {
    throw unavailable('this kernel has no ftrace: no tracefs in /proc/filesystems');
  }
  throw unavailable(`no tracefs is mounted: mount -t tracefs tracefs ${USUAL[0]} (as root)`);
}

/** Refuses a kernel that has not got the tracer, or whose ftrace is switched off. */
export function requireTracer(tracefs: string, tracer: string): void {
  const tracers = readControl(`${tracefs}/available_tracers`).split(/\s+/);
  if (!tracers.includes(tracer)) {
    throw unavailable(`this kernel has no ${tracer} tracer, only ${tracers.join(', ')}`);
  }
  if (textOf('/proc/sys/kernel/ftrace_enabled').trim() === '0') {
    throw unavailable('ftrace is switched off: sysctl kernel.ftrace_enabled=1');
  }
}

/** Refuses to start beside another tracer, in the top directory or in an instance. */
export function requireNoTracer(tracefs: string): void {
  const instances = `${tracefs}/instances`;
  const places = existsSync(instances)
    ? readdirSync(instances).map((name) => `${instances}/${name}`)
    : [];
  for (const place of [tracefs, ...places.sort()]) {
    const tracer = readControlIfAny(`${place}/current_tracer`);
    if (tracer !== undefined && tracer !== '' && tracer !== 'nop') {
      throw new ToolError(`${place}/current_tracer: another tracer is running: ${tracer}`);
    }
  }
}

/** Refuses what a capture would refuse, and changes nothing. */
export function requireUsable(tracefs: string, tracer: string): void {
  requireTracer(tracefs, tracer);
  requireNoTracer(tracefs);
  // Opened to append, so as to drop nothing; in a container without privileges only this fails.
  closeSync(openControl(`${tracefs}/current_tracer`, true));
}
