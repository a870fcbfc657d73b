import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Where the large recordings lie; a checkout without them skips the tests that need them. */
export const TRACES = process.env.KERNEL_SURFACE_TRACES ?? '../shared/traces';

/** A reason to skip, for tap's `skip`, or false when the large recordings are at hand. */
export const skipWithoutTraces: string | false = existsSync(TRACES)
  ? false
  : 'the large recordings are not beside this checkout (KERNEL_SURFACE_TRACES names their folder)';

export function readTrace(name: string): Buffer {
  return gunzipSync(readFileSync(`${TRACES}/${name}.gz`));
}
