function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** 0 for a call path without gaps; 1 where callers are not known (`?`); 2 where nothing is. */
function gaps(path: readonly string[]): number {
  return path.length === 0 ? 2 : path.includes('?') ? 1 : 0;
}

/**
 * Orders call paths by how shortly they tell how a function is reached: those without gaps first, then those
 * of fewer steps.
 */
export function byPath(a: readonly string[], b: readonly string[]): number {
  return gaps(a) - gaps(b) || a.length - b.length || byCode(a.join(';'), b.join(';'));
}
