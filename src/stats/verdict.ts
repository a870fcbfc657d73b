/** What a verdict rests on. */
export interface Saturation {
  readonly seen: number;
  readonly units: number;
  /** Undefined for fewer than two units, as is the coverage. */
  readonly chao2: number | undefined;
  readonly coverage: number | undefined;
  /** Chao2 of the same data in units twice as large; undefined where those would be fewer than two. */
  readonly chao2Doubled: number | undefined;
}

/** From these on nothing of weight is missing. */
const ENOUGH = { coverage: 0.99, seen: 0.95 };

/** An estimate that differs by more of itself when units are twice as large depends on the unit, not the container. */
const STEADY = 0.1;

/** Whether the estimate stays when units are twice as large; undefined where that cannot be told. */
export function isSteady({ chao2, chao2Doubled }: Saturation): boolean | undefined {
  if (chao2 === undefined || chao2Doubled === undefined) return undefined;
  return Math.abs(chao2Doubled - chao2) <= STEADY * chao2;
}

/** 94, 99.6: rounded down, so that 100 means all of it. */
function percent(share: number): string {
  const digits = share >= 0.99 ? 10 : 1;
  return `${Math.floor(share * 100 * digits + 1e-9) / digits} %`;
}

/** Whether the units have shown it all, in words: `413 of at least 582 seen, coverage 94 %: run longer`. */
export function verdict(saturation: Saturation): string {
  const { seen, units, chao2, coverage } = saturation;
  if (chao2 === undefined || coverage === undefined) {
    return `${seen} seen: ${units} ${units === 1 ? 'unit' : 'units'} cannot tell whether that is all`;
  }
  const moves = isSteady(saturation) === false;
  const enough = coverage >= ENOUGH.coverage && seen >= ENOUGH.seen * chao2 && !moves;
  const advice = enough ? 'enough' : `run longer${moves ? ', the bound moves with the unit' : ''}`;
  return `${seen} of at least ${Math.round(chao2)} seen, coverage ${percent(coverage)}: ${advice}`;
}
