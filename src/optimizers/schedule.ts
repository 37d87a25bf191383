// What a learning-rate schedule is, and what all of them share.
// A schedule is a pure function of an index (0 for the first step or epoch), so that a training run can stop
// and go on anywhere; only `onPlateau` looks at a metric, and keeps what it has seen in a state of plain numbers.
import { oneOf, readOptions, type Fields, type Values } from '../core/options.ts';

/** What the index of a schedule counts. */
export type ScheduleUnit = 'epoch' | 'step';

/** What `onPlateau` has seen: plain numbers, saveable as JSON. */
export type ScheduleState = Readonly<Record<string, number>>;

export interface Schedule {
  readonly type: string;
  /** Everything that `scheduleFromConfig` needs to build it again, as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly unit: ScheduleUnit;
  /**
   * The learning rate at an index, 0 for the first.
   * @throws RangeError for an index that is negative or no integer
   */
  rate(index: number, state?: ScheduleState): number;
}

/** A schedule that follows a metric. `observe` returns the next state and leaves the old one as it is. */
export interface MetricSchedule extends Schedule {
  /** The metric to observe, or undefined for the loss that the run reports. */
  readonly monitor: string | undefined;
  initialState(): ScheduleState;
  observe(metric: number, state: ScheduleState): ScheduleState;
}

/** Whether a schedule must be told a metric after each epoch. */
export function followsMetric(schedule: Schedule): schedule is MetricSchedule {
  return 'observe' in schedule;
}

/** What a file holds of a schedule. */
export interface SavedSchedule {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What every schedule takes beside its own options. */
export interface ScheduleOptions {
  /** What the index counts; `'epoch'` by default. */
  per?: ScheduleUnit;
}

/** The field behind `per`. */
export const per = oneOf(['epoch', 'step'], 'epoch');

/** A schedule that is a function of its options and the index. */
export function schedule<F extends Fields>(
  type: string,
  options: object,
  fields: F,
  rate: (values: Values<F>, index: number) => number,
): Schedule {
  const { per: unit, ...values } = readOptions(type, options, { ...fields, per }) as Values<F> & { per: ScheduleUnit };
  return {
    type,
    config: { ...values, per: unit },
    unit,
    rate(index) {
      checkIndex(type, index);
      return rate(values as unknown as Values<F>, index);
    },
  };
}

export function checkIndex(type: string, index: number): void {
  if (!Number.isInteger(index) || index < 0)
    throw new RangeError(`${type}: expected an index that is an integer ≥ 0, got ${index}`);
}
