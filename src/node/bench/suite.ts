// Runs cases: every result is checked first, then the machine's peaks and all cases are timed in turns.
// A case whose check fails is not timed and counts as failed. Rates and shares are those of the best round.
import type { Variant } from '../../core/features.ts';
import { passes, type Case, type Check } from './case.ts';
import { bandwidthBytes, bandwidthSizes, bandwidthWork, peakFlops, peakWork } from './peak.ts';
import { measure, type Timing, type TimingOptions, type Work } from './timing.ts';

/** What the machine can do. */
export interface Limits {
  /** Multiply-adds of this variant in registers. */
  readonly gflops: number;
  /** Reading, by the size of what is read again and again. */
  readonly bandwidth: readonly { readonly bytes: number; readonly gigabytes: number }[];
}

export interface Row {
  readonly group: string;
  readonly name: string;
  /** Seconds of one repetition. */
  readonly median: number;
  readonly minimum: number;
  readonly spread: number;
  readonly rounds: number;
  readonly unit?: 'GFLOP/s' | 'GB/s';
  /** In that unit, of the best round. */
  readonly rate?: number;
  /** The least time that the limits allow (operations at the peak, or bytes at the bandwidth) over the best round. */
  readonly share?: number;
  /** Which limit that is. */
  readonly bound?: 'arithmetic' | 'memory';
}

export interface Failure {
  readonly group: string;
  readonly name: string;
  readonly difference: number;
  readonly tolerance: number;
}

export interface SuiteResult {
  readonly limits: Limits;
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
}

export async function runSuite(
  cases: readonly Case[],
  variant: Variant,
  options: TimingOptions = {},
): Promise<SuiteResult> {
  const failures: Failure[] = [];
  const checked: Case[] = [];
  for (const one of cases) {
    const check = await one.check();
    if (passes(check)) checked.push(one);
    else failures.push(failureOf(one, check));
  }
  const limitWorks = limitsWork(variant);
  const timings = await measure([...limitWorks, ...checked.map(({ work }) => work)], options);
  const limits = limitsFrom(timings.slice(0, limitWorks.length));
  const rows = checked.map((one, i) => rowOf(one, timings[limitWorks.length + i]!, limits));
  return { limits, rows, failures };
}

const failureOf = ({ group, work }: Case, { difference, tolerance }: Check): Failure => ({
  group,
  name: work.name,
  difference,
  tolerance,
});

export const limitsWork = (variant: Variant): Work[] => [peakWork(variant), ...bandwidthSizes.map(bandwidthWork)];

export function limitsFrom([peak, ...reads]: readonly Timing[]): Limits {
  return {
    gflops: peakFlops / peak!.minimum / 1e9,
    bandwidth: reads.map(({ minimum }, i) => ({
      bytes: bandwidthSizes[i]!,
      gigabytes: bandwidthBytes / minimum / 1e9,
    })),
  };
}

/** The limits alone. */
export async function measureLimits(variant: Variant, options: TimingOptions = {}): Promise<Limits> {
  return limitsFrom(await measure(limitsWork(variant), options));
}

/** The bandwidth of the smallest size that holds so many bytes. */
export function bandwidthFor(bytes: number, { bandwidth }: Limits): number {
  return (bandwidth.find((level) => level.bytes >= bytes) ?? bandwidth.at(-1)!).gigabytes;
}

/** The least seconds that the limits allow for so many operations and bytes, and which limit it is. */
export function boundOf(
  { flops = 0, bytes = 0, resident = bytes }: Pick<Case, 'flops' | 'bytes' | 'resident'>,
  limits: Limits,
) {
  const arithmetic = flops / limits.gflops / 1e9;
  const memory = bytes / bandwidthFor(resident, limits) / 1e9;
  return { seconds: Math.max(arithmetic, memory), bound: arithmetic >= memory ? 'arithmetic' : 'memory' } as const;
}

export function rowOf(one: Case, { median, minimum, spread, rounds }: Timing, limits: Limits): Row {
  const { group, work, unit, flops, bytes } = one;
  const amount = unit === 'GB/s' ? bytes : unit && flops;
  const { seconds, bound } = boundOf(one, limits);
  return {
    group,
    name: work.name,
    median,
    minimum,
    spread,
    rounds,
    ...(unit && amount && { unit, rate: amount / minimum / 1e9 }),
    ...(seconds > 0 && { share: seconds / minimum, bound }),
  };
}
