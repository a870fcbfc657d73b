import { byName } from './names.js';
import type { FunctionDetail } from './paths.js';

/** Calls by tasks that have no role, or that the text does not tell. */
export const NO_ROLE = '?';

/** What a table of roles says, and its first line that says nothing, if any. */
export interface Roles {
  readonly roles: ReadonlyMap<number, string>;
  readonly bad: { readonly line: number; readonly text: string } | undefined;
}

/**
 * Reads roles.csv of run-container, of which the columns `tid` and `role` count, wherever they stand; a name
 * in quotes may only stand behind them:
 *
 *     tid,pid,role,comm
 *     1531,1493,workload,bio_close_file
 *
 * Throws a RangeError if the header has no such columns.
 */
export function parseRoles(text: string): Roles {
  const [header, ...lines] = text.split(/\r?\n/);
  const columns = header.split(',');
  const tidAt = columns.indexOf('tid');
  const roleAt = columns.indexOf('role');
  if (tidAt < 0 || roleAt < 0) throw new RangeError('no columns tid and role in its first line');
  const roles = new Map<number, string>();
  let bad: Roles['bad'];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const cells = line.split(',');
    const role = cells[roleAt] ?? '';
    if (/^\d{1,10}$/.test(cells[tidAt]) && /^[\w-]+$/.test(role))
      roles.set(Number(cells[tidAt]), role);
    else bad ??= { line: index + 2, text: line.slice(0, 40) };
  }
  return { roles, bad };
}

export interface RoleCount {
  readonly name: string;
  readonly role: string;
  readonly calls: number;
}

/** Calls of each function by the role of who made them, sorted by name, then role. */
export function callsByRole(
  functions: readonly FunctionDetail[],
  roles: ReadonlyMap<number, string>,
): RoleCount[] {
  const rows: RoleCount[] = [];
  for (const { name, calls, callsOf } of functions) {
    const sums = new Map<string, number>();
    let rest = calls;
    for (const [tid, count] of callsOf) {
      const role = roles.get(tid) ?? NO_ROLE;
      sums.set(role, (sums.get(role) ?? 0) + count);
      rest -= count;
    }
    if (rest > 0) sums.set(NO_ROLE, (sums.get(NO_ROLE) ?? 0) + rest);
    for (const [role, count] of sums) rows.push({ name, role, calls: count });
  }
  return rows.sort((a, b) => byName(a, b) || byName({ name: a.role }, { name: b.role }));
}
