// The metrics, by function and by name.
import { unknownName } from '../core/nearest.ts';
import {
  accuracy,
  auc,
  binaryAccuracy,
  confusionMatrix,
  f1,
  meanIoU,
  precision,
  recall,
  topKAccuracy,
} from './classification.ts';
import type { Metric } from './metric.ts';
import { mae, mse, r2 } from './regression.ts';
import { perplexity } from './sequence.ts';

export * from './classification.ts';
export * from './edit-distance.ts';
export * from './regression.ts';
export * from './sequence.ts';
export type { Metric, MetricContext, MetricState, MetricValue } from './metric.ts';

const metrics: Readonly<Record<string, () => Metric>> = {
  accuracy,
  binaryAccuracy,
  topKAccuracy,
  precision,
  recall,
  f1,
  auc,
  confusionMatrix,
  meanIoU,
  perplexity,
  mse,
  mae,
  r2,
};

/** The names of all metrics. */
export const metricNames = /* @__PURE__ */ Object.keys(metrics);

/** A metric or its name. @throws RangeError for an unknown name */
export type MetricLike = string | Metric;

export function resolveMetric(metric: MetricLike): Metric {
  if (typeof metric === 'object' && metric !== null && typeof metric.create === 'function') return metric;
  if (typeof metric !== 'string') throw new TypeError(`metric: expected a name, got ${typeof metric}`);
  if (!Object.hasOwn(metrics, metric)) throw unknownName('metric', metric, metricNames);
  return metrics[metric]!();
}
