// Work side by side: every participant's result is held against ours first, then all take turns, a sample each a round.
import { relativeDifference } from '../../src/node/bench/case.ts';
import { statistics, type Statistics } from '../../src/node/bench/statistics.ts';
import type { Request } from './serve.ts';

/** A process with a library, or what stands for one in a test. */
export interface Participant {
  readonly name: string;
  ask<T>(request: Request): Promise<T>;
}

/** One participant and its name for the work (jax-js trains by SGD where the others train by Adam). */
export interface Entry {
  readonly participant: Participant;
  /** What the table calls it, where that is not the participant's name. */
  readonly name?: string;
  readonly work: string;
  /** Our work whose result is theirs, where it is not the one that is timed. */
  readonly checkedAgainst?: string;
}

export interface Measured extends Statistics {
  readonly name: string;
  readonly samples: readonly number[];
}

export interface ContestFailure {
  readonly name: string;
  readonly work: string;
  readonly reason: string;
}

export interface Contest {
  readonly work: string;
  /** Ours first. */
  readonly measured: readonly Measured[];
  readonly failures: readonly ContestFailure[];
}

export interface ContestOptions {
  readonly rounds: number;
  /** Milliseconds of a sample, and of the warm-up before it. */
  readonly sample: number;
  readonly warmUp: number;
  /** Judges a result: undefined, or what is wrong with it. */
  readonly judge?: (result: readonly number[], ours: readonly number[]) => string | undefined;
}

/** The largest relative difference from ours that is taken for the same result. */
const tolerance = 1e-3;
/** Seconds after which a slow participant takes no more turns (three it takes in any case). */
const patience = 8;

export function judgeByDifference(result: readonly number[], ours: readonly number[]): string | undefined {
  const difference = relativeDifference(result, ours);
  if (difference <= tolerance) return undefined;
  return `its result differs from ours by ${difference.toPrecision(3)}, at most ${tolerance} is allowed`;
}

export async function contest(ours: Entry, peers: readonly Entry[], options: ContestOptions): Promise<Contest> {
  const { rounds, sample, warmUp, judge = judgeByDifference } = options;
  const failures: ContestFailure[] = [];
  const entrants = [ours];
  const wanted = new Map<string, readonly number[]>();
  const ourResult = async (work: string) => {
    if (!wanted.has(work)) wanted.set(work, await ours.participant.ask<number[]>({ ask: 'result', work }));
    return wanted.get(work)!;
  };
  for (const entry of peers) {
    const reason = await check(entry, await ourResult(entry.checkedAgainst ?? ours.work), judge);
    if (reason === undefined) entrants.push(entry);
    else failures.push({ name: nameOf(entry), work: entry.work, reason });
  }
  const times: number[] = [];
  for (const { participant, work } of entrants)
    times.push(await participant.ask<number>({ ask: 'calibrate', work, sample, warmUp }));
  const samples = entrants.map((): number[] => []);
  const spent = entrants.map(() => 0);
  for (let round = 0; round < rounds; round++)
    for (const [i, { participant, work }] of entrants.entries()) {
      if (round >= 3 && spent[i]! > patience) continue;
      const seconds = await participant.ask<number>({ ask: 'sample', work, times: times[i]! });
      spent[i]! += seconds * times[i]!;
      samples[i]!.push(seconds);
    }
  const measured = entrants.map((entry, i) => ({
    name: nameOf(entry),
    samples: samples[i]!,
    ...statistics(samples[i]!),
  }));
  return { work: ours.work, measured, failures };
}

const nameOf = ({ participant, name }: Entry): string => name ?? participant.name;

async function check(
  { participant, work }: Entry,
  wanted: readonly number[],
  judge: NonNullable<ContestOptions['judge']>,
): Promise<string | undefined> {
  try {
    return judge(await participant.ask<number[]>({ ask: 'result', work }), wanted);
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}
