import type { Line } from '../trace/line.js';
import { Code, Gate, type Judge } from '../trace/scan.js';

/** Keeps every line: the judge of a filter that is given text already stripped. */
export class KeepAll implements Judge {
  readonly gate = new Gate();

  constructor() {
    this.gate.clear = true;
    this.gate.frameDepth = -1;
    this.gate.contexts.fill(Code.keep);
  }

  head(_cpu: number, _tid: number): void {}

  note(_line: Line): void {}

  keep(): boolean {
    return true;
  }

  keepCall(): boolean {
    return true;
  }
}
