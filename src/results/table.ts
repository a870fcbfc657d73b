import { fieldsOf } from '../complexity/names.js';

/**
 * The rows of CSV with a header, each as a record; a byte order mark and CR before a newline are ignored,
 * blank lines are none. A record is one line: no field holds a newline. Throws RangeError, `line 3: ...`.
 */
export function readTable(text: string): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  let header: string[] | undefined;
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line === '') continue;
    const fields = fieldsOf(line);
    if (fields === undefined) throw new RangeError(`line ${index + 1}: a quote is not closed`);
    if (header === undefined) {
      header = fields;
      continue;
    }
    if (fields.length !== header.length) {
      throw new RangeError(
        `line ${index + 1}: ${fields.length} fields instead of the header's ${header.length}`,
      );
    }
    const row: Record<string, string> = Object.create(null);
    for (const [i, name] of header.entries()) row[name] = fields[i];
    rows.push(row);
  }
  return rows;
}

/** The first of these columns that the rows lack. */
export function lacking(
  rows: readonly Record<string, string>[],
  columns: readonly string[],
): string | undefined {
  return rows.length === 0 ? undefined : columns.find((column) => !(column in rows[0]));
}
