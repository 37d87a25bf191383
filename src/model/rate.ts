// The learning rate of a step: a number, or a schedule by epoch or by step.
import type { Schedule, ScheduleState } from '../optimizers/schedule.ts';

/** @param step steps done before this one @param epoch epochs done before this one */
export const rateAt = (
  rate: number | Schedule,
  step: number,
  epoch: number,
  state: ScheduleState | undefined,
): number => (typeof rate === 'number' ? rate : rate.rate(rate.unit === 'step' ? step : epoch, state));
