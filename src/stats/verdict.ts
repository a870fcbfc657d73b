/** What a verdict rests on. */
export interface Saturation {
  readonly seen: number;
  readonly units: number;
  /** Undefined for fewer than two units, as is the coverage. */
  readonly chao2: number | undefined;
  readonly coverage: number | undefined;
  /** Chao2 of the same data in units twice as large; undefined where those would be fewer than two. */
  readonly chao2Doubled: number | undefined;
  /** Of how many runs the units are windows; undefined where they are runs. */
  readonly windowsOf: number | undefined;
}

/** From these on nothing of weight is missing. */
const ENOUGH = { coverage: 0.99, seen: 0.95 };

/** An estimate that differs by more of itself when units are twice as large depends on the unit, not the container. */
const STEADY = 0.1;

/** Whether the estimate stays when units are twice as large; undefined where that cannot be told. */
export function isSteady({
  chao2,
  chao2Doubled,
}: Pick<Saturation, 'chao2' | 'chao2Doubled'>): boolean | undefined {
  if (chao2 === undefined || chao2Doubled === undefined) return undefined;
  return Math.abs(chao2Doubled - chao2) <= STEADY * chao2;
}

/** 94, 99.6: rounded down, so that 100 means all of it. */
function percent(share: number): string {
  const digits = share >= 0.99 ? 10 : 1;
  return `${Math.floor(share * 100 * digits + 1e-9) / digits} %`;
}

/** Windows tell of what their runs did, and of nothing that begins later, or in other runs. */
function enough(windowsOf: number | undefined): string {
  if (windowsOf === undefined) return 'enough';
  return windowsOf === 1
    ? 'enough of what this run did: repeat it'
    : 'enough of what these runs did';
}

/**
 * Whether the units have shown it all, in words: `413 of at least 582 seen, coverage 94 %: run longer`. So few
 * units that the bound cannot be checked are never enough.
 */
export function verdict(saturation: Saturation): string {
  const { seen, units, chao2, coverage, windowsOf } = saturation;
  if (chao2 === undefined || coverage === undefined) {
    return `${seen} seen: ${units} ${units === 1 ? 'unit' : 'units'} cannot tell whether that is all`;
  }
  const told = `${seen} of at least ${Math.round(chao2)} seen, coverage ${percent(coverage)}`;
  const steady = isSteady(saturation);
  if (steady === true && coverage >= ENOUGH.coverage && seen >= ENOUGH.seen * chao2) {
    return `${told}: ${enough(windowsOf)}`;
  }
  const more = windowsOf === undefined ? 'run longer or more often' : 'run longer';
  return `${told}: ${more}${steady === false ? ', the bound moves with the unit' : ''}`;
}
