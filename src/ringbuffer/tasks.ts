/** Names of tasks by tid, as the kernel's `saved_cmdlines` has them. */
export class Tasks {
  readonly #names = new Map<number, string>([[0, '<idle>']]);
  /** Goes up when a name is learnt or changes: lines rendered before are stale then. */
  version = 0;

  /** `218 node` to a line; what is none is passed over. */
  read(cmdlines: string): void {
    for (const line of cmdlines.split('\n')) {
      const m = /^ *(\d{1,10}) (.+)$/.exec(line);
      if (m !== null) this.set(Number(m[1]), m[2]);
    }
  }

  set(tid: number, name: string): void {
    if (tid === 0 || this.#names.get(tid) === name) return;
    this.#names.set(tid, name);
    this.version++;
  }

  has(tid: number): boolean {
    return this.#names.has(tid);
  }

  /** As the kernel prints it: `<...>` when it knows no name, `<XXX>` for what is no tid. */
  nameOf(tid: number): string {
    return this.#names.get(tid) ?? (tid < 0 ? '<XXX>' : '<...>');
  }
}
