// Rows of a benchmark as text: one line each, the columns under one another, the groups apart.
import type { Failure, Limits, Row } from './suite.ts';

/** Seconds in the unit that leaves one to three digits before the point. */
export function formatSeconds(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const [size, unit] = [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
    [1e-9, 'ns'],
  ].find(([size]) => value >= (size as number)) ?? [1e-9, 'ns'];
  return `${(value / (size as number)).toPrecision(3)} ${unit}`;
}

export const formatShare = (share: number | undefined): string =>
  share === undefined ? '' : `${(100 * share).toFixed(1)} %`;

/** Rows of cells as lines; the first column flush left, the others right. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

export function formatRows(rows: readonly Row[]): string {
  const head = ['', 'median', 'minimum', 'spread', 'rate', 'share', 'of'];
  const cells = rows.map(({ name, median, minimum, spread, rate, unit, share, bound }) => [
    name,
    formatSeconds(median),
    formatSeconds(minimum),
    formatShare(spread),
    rate === undefined ? '' : `${rate.toPrecision(3)} ${unit}`,
    formatShare(share),
    bound ?? '',
  ]);
  const lines = alignColumns([head, ...cells]).split('\n');
  return rows.reduce(
    (text, { group }, i) => `${text}${i === 0 || rows[i - 1]!.group !== group ? `\n${group}` : ''}\n${lines[i + 1]}`,
    lines[0]!,
  );
}

export function formatLimits({ gflops, bandwidth }: Limits): string {
  const size = (bytes: number) => (bytes >= 1 << 20 ? `${bytes >> 20} MiB` : `${bytes >> 10} KiB`);
  const reads = bandwidth.map(({ bytes, gigabytes }) => `${gigabytes.toFixed(1)} (${size(bytes)})`).join(', ');
  return `peak ${gflops.toFixed(1)} GFLOP/s; reading, GB/s: ${reads}`;
}

export const formatFailures = (failures: readonly Failure[]): string =>
  failures
    .map(
      ({ name, difference, tolerance }) =>
        `FAILED ${name}: its result differs from the reference by ${difference.toPrecision(3)}, at most ${tolerance} is allowed`,
    )
    .join('\n');
