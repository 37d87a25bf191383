// What an optimizer is, and what all of them share: the common options, the common scalars, saving.
// An optimizer says which slots a parameter needs and what the step's scalars are; the kernel does the rest
// (assembly/optim/update.ts), the graph adds the instructions and clips the gradients.
import { UpdateKind } from '../core/generated/instructions.ts';
import { field, nonNegative, optional, positive, type Fields, type Values } from '../core/options.ts';
import { scalarOrder, writeScalars, type ScalarValues, type UpdateKindName } from './scalars.ts';
import type { SavedSchedule, Schedule } from './schedule.ts';
import { isSchedule, savedSchedule, toSchedule } from './schedules.ts';

/** What an optimizer carries from step to step beside its slots: plain numbers, saveable as JSON. */
export type OptimizerState = Record<string, number>;

/** An array of the parameter's shape that the optimizer keeps. */
export interface Slot {
  readonly name: string;
  readonly initial: number;
}

export interface Optimizer {
  readonly type: string;
  /** Everything that `optimizerFromConfig` needs to build it again, as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly learningRate: number | Schedule;
  /** Each element of a gradient is held within ± this. */
  readonly clipValue?: number;
  /** All gradients together are scaled down to this Euclidean norm. */
  readonly clipNorm?: number;
  readonly updateKind: UpdateKind;
  /** At most three, in the order of the instruction's slots. */
  readonly slots: readonly Slot[];
  readonly scalarCount: number;
  /**
   * Writes the scalars of a step into `out`. The same step, rate and state give the same bits in every engine.
   * @param step 1 for the first
   * @throws RangeError where the step is no integer ≥ 1
   */
  scalars(step: number, learningRate: number, state: OptimizerState, out: Float32Array): void;
  initialState(): OptimizerState;
}

/** What every optimizer takes beside its own options. */
export interface OptimizerOptions {
  /** A number above 0, or a schedule. */
  learningRate?: number | Schedule;
  /** Hold each element of a gradient within ± this. */
  clipValue?: number;
  /** Scale all gradients together down to this Euclidean norm. */
  clipNorm?: number;
}

/** A learning rate: a number above 0, a schedule, or what a file holds of one. */
const learningRate = (fallback: number) =>
  field<number | Schedule | SavedSchedule>({
    fallback,
    kind: 'a number or a schedule',
    is: (value) => typeof value === 'number' || isSchedule(value),
    expected: '> 0 and finite',
    accepts: (value) => typeof value !== 'number' || (value > 0 && value < Infinity),
  });

/** The fields of the options that every optimizer takes. */
export const commonFields = (rate: number) => ({
  learningRate: learningRate(rate),
  clipValue: optional(positive()),
  clipNorm: optional(positive()),
});

/** The same, for an optimizer with weight decay. */
export const decayFields = (rate: number, weightDecay = 0) => ({
  ...commonFields(rate),
  weightDecay: nonNegative(weightDecay),
});

type CommonValues = Values<ReturnType<typeof commonFields>>;

/** An optimizer from its checked options and its formula for the scalars. */
export function defineOptimizer<K extends UpdateKindName>(definition: {
  type: string;
  values: CommonValues & Values<Fields>;
  kind: K;
  slots: readonly Slot[];
  scalars(step: number, learningRate: number, state: OptimizerState): ScalarValues<K>;
  initialState?(): OptimizerState;
}): Optimizer {
  const { type, values, kind, slots, scalars, initialState = () => ({}) } = definition;
  const { clipValue, clipNorm } = values;
  const rate = typeof values.learningRate === 'number' ? values.learningRate : toSchedule(values.learningRate);
  return {
    type,
    config: { ...values, learningRate: typeof rate === 'number' ? rate : savedSchedule(rate) },
    learningRate: rate,
    ...(clipValue === undefined ? {} : { clipValue }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    updateKind: UpdateKind[kind],
    slots,
    scalarCount: scalarOrder[kind].length,
    scalars(step, learningRate, state, out) {
      if (!Number.isInteger(step) || step < 1) throw new RangeError(`${type}: expected a step ≥ 1, got ${step}`);
      writeScalars(kind, scalars(step, learningRate, state), out);
    },
    initialState,
  };
}

/** A slot that begins with zeros. */
export const zeros = (name: string): Slot => ({ name, initial: 0 });

/** Weight decay as a part of the gradient (coupled) or as a factor on the parameter (decoupled). */
export function decayScalars(weightDecay: number, learningRate: number, decoupled = false) {
  return decoupled ? { weightDecay: 0, decay: 1 - learningRate * weightDecay } : { weightDecay, decay: 1 };
}
