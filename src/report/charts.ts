import { incidencesOf } from '../stats/incidence.js';
import { exclusiveIntersections } from '../stats/sets.js';
import { barChart, type Spread } from './bars.js';
import type { Chart } from './canvas.js';
import { curveChart } from './curves.js';
import type { Reach, ReachGroup } from './reach.js';
import { countSubsystems, subsystemChart } from './subsystems.js';
import { type CurveRow, MEASURES, type SummaryRow } from './tables.js';
import { upsetChart } from './upset.js';

/** What there is to draw: curves and functions may be missing. */
export interface Drawable {
  readonly rows: readonly SummaryRow[];
  readonly published: readonly SummaryRow[];
  readonly spread: Spread;
  readonly curves: readonly CurveRow[];
  readonly reach: Reach | undefined;
}

function upsets(groups: readonly ReachGroup[]): (Chart | undefined)[] {
  const applications = [...new Set(groups.map(({ application }) => application))].sort();
  return applications.map((application) => {
    const own = groups.filter((group) => group.application === application);
    const sides = incidencesOf(own.map(({ functions }) => [[...functions.keys()]]));
    const bits = sides.map(({ sets }) => sets[0]);
    return upsetChart({
      application,
      names: own.map(({ runtime }) => runtime),
      sizes: own.map(({ functions }) => functions.size),
      intersections: exclusiveIntersections(sides[0].names, bits).map(({ members, names }) => ({
        members,
        size: names.length,
      })),
    });
  });
}

/** All pictures that the data can give, in the order in which they are looked at. */
export function charts({ rows, published, spread, curves, reach }: Drawable): Chart[] {
  const groups = reach?.groups ?? [];
  const own = rows.filter((row) => row.published === '');
  const beside = [...published, ...rows.filter((row) => row.published !== '')];
  return [
    ...MEASURES.map((measure) => barChart(own, measure, { spread, published: beside })),
    curveChart(curves),
    subsystemChart(
      groups.map((group) => ({
        runtime: group.runtime,
        application: group.application,
        counts: countSubsystems(reach!.subsystemsOf(group)),
      })),
    ),
    ...upsets(groups),
  ].filter((chart) => chart !== undefined);
}
