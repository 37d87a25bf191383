// What a piece of side-by-side work is: what a suite offers for it, and what is to be reached. The families of works
// (products.ts, …) define theirs with these; index.ts lists them.

/** The names of the peers, in the tables and in `atLeast`. */
export const peers = {
  wasm: 'TensorFlow.js wasm',
  cpu: 'TensorFlow.js cpu',
  ort: 'ORT Web',
  jax: 'jax-js',
  brain: 'brain.js',
  synaptic: 'synaptic',
  /** Against what it exports. */
  library: 'the library',
} as const;

/** What a suite offers for one work. */
export interface PeerWork {
  readonly repeat: (times: number) => void | Promise<void>;
  /** Numbers to hold against ours: a result, or a list of losses. */
  readonly result: () => ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** A suite's works by name; the name is the key everywhere: in the suites, in the results, in the table. */
export type Works = Readonly<Record<string, () => PeerWork | Promise<PeerWork>>>;

/** Another work of a peer that is timed against ours: by other rates, or by a simpler rule where it lacks ours. */
export interface Substitute {
  readonly work: string;
  /** What the table calls the peer then. */
  readonly name?: (peer: string) => string;
  /** Our work whose result is theirs, where it is not the one that is timed. */
  readonly checkedAgainst?: string;
}

/** A line of the table for each peer that can do the work. */
export interface Goal {
  /** As the table says it. */
  readonly label: string;
  readonly work: string;
  /** How many times as fast as each of these, or as the best of them; the other peers have lines without a goal. */
  readonly atLeast: Readonly<Record<string, number>> | { readonly best: number };
  readonly substitutes?: readonly Substitute[];
  /** Judges a result where it is not that of ours: undefined, or what is wrong with it. */
  readonly judge?: (result: readonly number[], ours: readonly number[]) => string | undefined;
}

/** A line of the table for each build of the core: the rate of our work as a share of that of another of our works. */
export interface ShareGoal {
  readonly work: string;
  readonly flops: number;
  readonly against: { readonly name: string; readonly work: string; readonly flops: number };
  /** By the build of the core; one that is left out is not measured. */
  readonly atLeast: { readonly relaxed?: number; readonly simd?: number };
}

/** Works of one kind. */
export interface Family {
  readonly goals: readonly Goal[];
  readonly shares?: readonly ShareGoal[];
}
