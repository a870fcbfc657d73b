/** 6.1.0-56-amd64 and 6.1.192 are both 6.1: distributions count what follows by themselves. */
export function seriesOf(release: string): string | undefined {
  return /^\d+\.\d+/.exec(release)?.[0];
}

/** Of `linux-6.1.txt.gz` or `linux-6.1.txt` the 6.1. */
const TABLE = /^linux-(\d+)\.(\d+)\.txt(?:\.gz)?$/;

/**
 * The table for a kernel's `series` (6.12) among the files of a folder: its own, or else the one nearest in
 * time, an older one before a newer. Undefined when no file is called like a table.
 */
export function tableOf(series: string, files: readonly string[]): string | undefined {
  const number = (major: string, minor: string) => Number(major) * 1e6 + Number(minor);
  const [major, minor] = series.split('.');
  const wanted = number(major, minor);
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const file of [...files].sort()) {
    const parts = TABLE.exec(file);
    if (parts === null) continue;
    const away = number(parts[1], parts[2]) - wanted;
    const distance = away > 0 ? away + 0.5 : -away;
    if (distance < least) [best, least] = [file, distance];
  }
  return best;
}
