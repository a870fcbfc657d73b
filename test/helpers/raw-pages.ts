/**
 * An independent reading of ring-buffer pages of Linux 6.1, for ground truth only: written from the
 * kernel's format files, sharing no code with what it judges.
 */

export interface RawEvent {
  readonly cpu: number;
  readonly tid: number;
  readonly isEntry: boolean;
  readonly name: string;
  readonly depth: number;
  readonly hardirq: boolean;
  readonly softirq: boolean;
  readonly nmi: boolean;
  /** common_flags and common_preempt_count */
  readonly flags: number;
  readonly preempt: number;
}

const PAGE = 4096;
const ENTRY_ID = 11;
const EXIT_ID = 10;

/** Function names by address; where symbols share one, the traceable one. */
export function symbolFinder(
  kallsyms: string,
  traceable: ReadonlySet<string>,
): (address: bigint) => string {
  const symbols: { address: bigint; name: string }[] = [];
  for (const line of kallsyms.split('\n')) {
    const [address, , name] = line.split(/\s+/);
    if (name !== undefined) symbols.push({ address: BigInt(`0x${address}`), name });
  }
  symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const cache = new Map<bigint, string>();
  return (address) => {
    const known = cache.get(address);
    if (known !== undefined) return known;
    let low = 0;
    let high = symbols.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (symbols[middle].address <= address) low = middle;
      else high = middle - 1;
    }
    const same: string[] = [];
    for (let i = low; i >= 0 && symbols[i].address === symbols[low].address; i--) {
      same.push(symbols[i].name);
    }
    const name = same.find((n) => traceable.has(n)) ?? same[0];
    cache.set(address, name);
    return name;
  };
}

/** All function_graph events of one CPU's pages, in order. */
export function decodePages(
  pages: Buffer,
  cpu: number,
  symbol: (address: bigint) => string,
): RawEvent[] {
  const events: RawEvent[] = [];
  for (let page = 0; page + PAGE <= pages.length; page += PAGE) {
    const end = page + 16 + (pages.readUInt32LE(page + 8) & 0xfffff);
    let p = page + 16;
    while (p < end) {
      const header = pages.readUInt32LE(p);
      const type = header & 31;
      p += 4;
      if (type === 29) {
        if (header >>> 5 === 0) break;
        p += pages.readUInt32LE(p);
        continue;
      }
      if (type === 30 || type === 31) {
        p += 4;
        continue;
      }
      const data = type === 0 ? p + 4 : p;
      p += type === 0 ? pages.readUInt32LE(p) : type * 4;
      const id = pages.readUInt16LE(data);
      if (id !== ENTRY_ID && id !== EXIT_ID) continue;
      const flags = pages[data + 2];
      events.push({
        cpu,
        tid: pages.readInt32LE(data + 4),
        isEntry: id === ENTRY_ID,
        name: symbol(pages.readBigUInt64LE(data + 8)),
        depth: pages.readInt32LE(data + 16),
        hardirq: (flags & 0x08) !== 0,
        softirq: (flags & 0x10) !== 0,
        nmi: (flags & 0x40) !== 0,
        flags,
        preempt: pages[data + 3],
      });
    }
  }
  return events;
}
