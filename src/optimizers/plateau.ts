// The schedule that looks at a metric: the rate falls when the metric has stopped improving.
// The schedule itself never changes; what it has seen is the state that `observe` returns.
import { countOrZero, fraction, nonNegative, oneOf, optional, positive, readOptions, text } from '../core/options.ts';
import { checkIndex, type MetricSchedule, type ScheduleState } from './schedule.ts';

export interface OnPlateauOptions {
  learningRate: number;
  /** What the rate is multiplied by, in [0, 1); 0.1 by default. */
  factor?: number;
  /** How many epochs in a row may pass without improvement; 10 by default. */
  patience?: number;
  /** How much better than the best counts as better; 1e-4 by default. */
  threshold?: number;
  /** Whether `threshold` is a share of the best value or an amount; 'relative' by default. */
  thresholdMode?: 'relative' | 'absolute';
  /** Whether low or high is good; 'min' by default. */
  mode?: 'min' | 'max';
  /** How many epochs after a fall are not counted; 0 by default. */
  cooldown?: number;
  /** The rate never falls below it; 0 by default. */
  minimum?: number;
  /** The metric to observe; by default the loss that the run reports. */
  monitor?: string;
}

const fields = {
  learningRate: positive(),
  factor: fraction(0.1),
  patience: countOrZero(10),
  threshold: nonNegative(1e-4),
  thresholdMode: oneOf(['relative', 'absolute'], 'relative'),
  mode: oneOf(['min', 'max'], 'min'),
  cooldown: countOrZero(0),
  minimum: nonNegative(0),
  monitor: optional(text()),
};

/**
 * After each epoch `observe(metric, state)` gives the next state, and `rate(index, state)` the rate of the next
 * epoch (PyTorch ReduceLROnPlateau, Keras ReduceLROnPlateau). A metric of NaN is no improvement.
 */
export function onPlateau(options: OnPlateauOptions): MetricSchedule {
  const values = readOptions('onPlateau', options, fields);
  const { learningRate, factor, patience, cooldown, minimum } = values;
  const better = improvement(values);
  return {
    type: 'onPlateau',
    config: values,
    unit: 'epoch',
    monitor: values.monitor,
    initialState: () => ({ rate: learningRate, observed: 0, best: 0, bad: 0, cooling: 0 }),
    rate(index, state) {
      checkIndex('onPlateau', index);
      return state ? state['rate']! : learningRate;
    },
    observe(metric, state): ScheduleState {
      const { rate, observed, best, bad, cooling } = state as Record<string, number> as PlateauState;
      const improved = !Number.isNaN(metric) && (observed === 0 || better(metric, best));
      const seen = improved ? { observed: 1, best: metric } : { observed, best };
      const waited = improved || cooling > 0 ? 0 : bad + 1;
      if (waited > patience)
        return { ...seen, rate: Math.min(rate, Math.max(rate * factor, minimum)), bad: 0, cooling: cooldown };
      return { ...seen, rate, bad: waited, cooling: Math.max(cooling - 1, 0) };
    },
  };
}

interface PlateauState extends ScheduleState {
  rate: number;
  observed: number;
  best: number;
  bad: number;
  cooling: number;
}

function improvement({
  mode,
  threshold,
  thresholdMode,
}: Required<Pick<OnPlateauOptions, 'mode' | 'threshold' | 'thresholdMode'>>) {
  const sign = mode === 'min' ? -1 : 1;
  const relative = thresholdMode === 'relative';
  return (metric: number, best: number): boolean => {
    const goal = relative ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === 'min' ? metric < goal : metric > goal;
  };
}
