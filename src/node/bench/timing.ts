// Times pieces of work against one another: every piece is warmed up and calibrated, then all of them take turns,
// one sample a round, so that what disturbs the machine for a while disturbs all alike.
// Not here: what is measured, and whether its result is right (see kernels.ts).
import { statistics, type Statistics } from './statistics.ts';

/** A piece of work that can be repeated. */
export interface Work {
  readonly name: string;
  /** Does it `times` times; the loop stands in the piece itself, so that a call costs nothing that is not the work's. */
  readonly repeat: (times: number) => void | Promise<void>;
}

export interface TimingOptions {
  /** Samples of each piece; 15 by default. */
  readonly rounds?: number;
  /** Milliseconds of one sample; 4 by default. A piece that takes longer is done once. */
  readonly sample?: number;
  /** Milliseconds that each piece is run before it counts; 60 by default. */
  readonly warmUp?: number;
  readonly onRound?: (round: number, rounds: number) => void;
}

/** Seconds for one repetition. */
export interface Timing extends Statistics {
  readonly name: string;
  /** Repetitions in one sample. */
  readonly times: number;
  /** Every round's seconds, in their order. */
  readonly samples: readonly number[];
}

/** Seconds that `times` repetitions take, for one. */
export async function timeOnce(work: Work, times: number): Promise<number> {
  const start = performance.now();
  const pending = work.repeat(times);
  if (pending) await pending;
  return (performance.now() - start) / 1000 / times;
}

/** Runs a piece until it is warm, and says how many repetitions fill a sample. */
export async function calibrate(work: Work, sample: number, warmUp: number): Promise<number> {
  const until = performance.now() + warmUp;
  let best = Infinity;
  for (let times = 1; ;) {
    const seconds = await timeOnce(work, times);
    // A clock of coarse steps shows 0 for what is short.
    if (seconds > 0) best = Math.min(best, seconds);
    const wanted = Math.max(1, Math.round(sample / 1000 / best));
    if (performance.now() >= until && times >= wanted / 2 && best < Infinity) return wanted;
    times = Math.min(best < Infinity ? wanted : Infinity, times * 10);
  }
}

/** Measures all pieces in turns, in the order given. */
export async function measure(pieces: readonly Work[], options: TimingOptions = {}): Promise<Timing[]> {
  const { rounds = 15, sample = 4, warmUp = 60, onRound } = options;
  const times: number[] = [];
  for (const piece of pieces) times.push(await calibrate(piece, sample, warmUp));
  const samples = pieces.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    onRound?.(round, rounds);
    for (let i = 0; i < pieces.length; i++) samples[i]!.push(await timeOnce(pieces[i]!, times[i]!));
  }
  return pieces.map(({ name }, i) => ({ name, times: times[i]!, samples: samples[i]!, ...statistics(samples[i]!) }));
}
