// All learning-rate schedules by name, their chaining, and how one is built again from a file.
import { unknownName } from '../core/nearest.ts';
import { cosineDecay, cosineRestarts, linearWarmup, oneCycle } from './cycles.ts';
import { constant, exponentialDecay, inverseTimeDecay, multiStep, polynomialDecay, stepDecay } from './decays.ts';
import { field, milestoneList, readOptions } from '../core/options.ts';
import { onPlateau } from './plateau.ts';
import { checkIndex, followsMetric, type SavedSchedule, type Schedule } from './schedule.ts';

export * from './cycles.ts';
export * from './decays.ts';
export * from './plateau.ts';
export { followsMetric } from './schedule.ts';
export type { MetricSchedule, SavedSchedule, Schedule, ScheduleState, ScheduleUnit } from './schedule.ts';

export interface ChainOptions {
  /** One after the other; each counts its index from its own beginning. All count the same unit. */
  schedules: readonly (Schedule | SavedSchedule)[];
  /** The index at which the second begins, the third, and so on. */
  milestones: readonly number[];
}

const chainFields = {
  schedules: field<readonly (Schedule | SavedSchedule)[]>({
    kind: 'an array of schedules',
    is: (value) => Array.isArray(value) && value.every(isSchedule),
    expected: 'to have at least one',
    accepts: (list) => list.length > 0,
  }),
  milestones: milestoneList(),
};

/**
 * Schedules one after the other (PyTorch SequentialLR).
 * @example chain({ schedules: [linearWarmup({ learningRate: 0.1, steps: 5 }), cosineDecay({ learningRate: 0.1, steps: 20 })], milestones: [5] })
 * @throws RangeError where units differ, the milestones are not one fewer than the schedules, or one follows a metric
 */
export function chain(options: ChainOptions): Schedule {
  const { schedules, milestones } = readOptions('chain', options, chainFields);
  const parts = schedules.map(toSchedule);
  if (milestones.length !== parts.length - 1)
    throw new RangeError(
      `chain: expected ${parts.length - 1} milestones for ${parts.length} schedules, got ${milestones.length}`,
    );
  const { unit } = parts[0]!;
  for (const part of parts) {
    if (followsMetric(part)) throw new RangeError(`chain: ${part.type} follows a metric and cannot be chained`);
    if (part.unit !== unit)
      throw new RangeError(`chain: expected schedules per ${unit}, got ${part.type} per ${part.unit}`);
  }
  return {
    type: 'chain',
    config: { schedules: parts.map(savedSchedule), milestones },
    unit,
    rate(index) {
      checkIndex('chain', index);
      const active = milestones.filter((milestone) => milestone <= index).length;
      return parts[active]!.rate(index - (active === 0 ? 0 : milestones[active - 1]!));
    },
  };
}

const factories: Readonly<Record<string, (options: never) => Schedule>> = {
  constant,
  stepDecay,
  multiStep,
  exponentialDecay,
  polynomialDecay,
  inverseTimeDecay,
  cosineDecay,
  cosineRestarts,
  oneCycle,
  linearWarmup,
  onPlateau,
  chain,
};

/** The names that `scheduleFromConfig` knows. */
export const scheduleNames: readonly string[] = Object.keys(factories);

/**
 * Builds a schedule again from its `type` and `config`.
 * @throws RangeError for a type that is not known, naming the nearest and listing all
 */
export function scheduleFromConfig(type: string, config: object): Schedule {
  if (!Object.hasOwn(factories, type)) throw unknownName('schedule', type, scheduleNames);
  return factories[type]!(config as never);
}

/** Its type and config, as JSON. */
export function savedSchedule({ type, config }: Schedule): SavedSchedule {
  return { type, config };
}

/** A schedule, or the type and config of one. */
export function isSchedule(value: unknown): value is Schedule | SavedSchedule {
  return typeof value === 'object' && value !== null && 'type' in value && 'config' in value;
}

/** The schedule itself, whether live or saved. */
export function toSchedule(value: Schedule | SavedSchedule): Schedule {
  return 'rate' in value ? value : scheduleFromConfig(value.type, value.config);
}
