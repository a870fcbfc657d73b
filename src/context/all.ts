import type { Lane } from '../trace/lane/lane.js';
import { JUDGING, KEEP_CODE } from '../trace/lane/layout.js';
import type { Line } from '../trace/line.js';
import type { Judge } from '../trace/scan.js';

/** Keeps every line: the judge of a filter that is given text already stripped. */
export class KeepAll implements Judge {
  attach(lane: Lane): void {
    lane.set(JUDGING, KEEP_CODE);
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
