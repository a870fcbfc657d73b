/**
 * Thread ids from text: decimal numbers separated by commas or white space, as in `218,255` or in a
 * set_ftrace_pid file. Numbers are compared as numbers: 218 is not a part of 2180. Returns the first
 * word that is no tid as `bad`.
 */
export function parseTids(text: string): { tids: ReadonlySet<number>; bad: string | undefined } {
  const tids = new Set<number>();
  for (const word of text.split(/[\s,]+/)) {
    if (word === '') continue;
    if (!/^\d{1,10}$/.test(word)) return { tids, bad: word };
    tids.add(Number(word));
  }
  return { tids, bad: undefined };
}
