// How well a model does on rows with targets: loss and accuracy with the confusion matrix for classes, mean
// absolute error and R² in the units of the target for quantities.
import type { Dataset } from '../data/dataset.ts';
import { mae, r2, type Metric } from '../metrics/index.ts';
import type { Model } from '../model/model.ts';
import { confusionText } from './confusion.ts';
import { predictRows, toInputs, type Recalled } from './remembered.ts';
import { count, percent, short } from './text.ts';

export interface Assessment {
  readonly samples: number;
  /** On the targets as the model was trained on them: normalised, for quantities. */
  readonly loss: number;
  readonly accuracy?: number;
  /** counts[actual][predicted] */
  readonly confusion?: number[][];
  readonly meanAbsoluteError?: number;
  readonly r2?: number;
}

/** @param data rows and targets as they are in a file */
export function assess(model: Model, recalled: Recalled, data: Dataset): Assessment {
  return recalled.classes ? assessClasses(model, recalled, data) : assessQuantities(model, recalled, data);
}

function assessClasses(model: Model, recalled: Recalled, { inputs, targets }: Dataset): Assessment {
  const result = model.evaluate(
    { inputs: toInputs(model, recalled, inputs), targets },
    { metrics: ['accuracy', 'confusionMatrix'] },
  );
  return {
    samples: inputs.shape[0]!,
    loss: result.loss,
    accuracy: result['accuracy'] as number,
    confusion: result['confusionMatrix'] as unknown as number[][],
  };
}

function assessQuantities(model: Model, recalled: Recalled, { inputs, targets }: Dataset): Assessment {
  const { targetScaler } = recalled;
  const { loss } = model.evaluate(
    { inputs: toInputs(model, recalled, inputs), targets: targetScaler ? targetScaler.transform(targets) : targets },
    { metrics: [] },
  );
  const predicted = predictRows(model, recalled, inputs).data as Float32Array;
  const columns = targets.shape[1] ?? 1;
  const measure = (metric: Metric) => {
    const state = metric.create({
      columns,
      form: 'values',
      task: 'regression',
      logits: false,
      ignoreIndex: undefined,
      signed: false,
      probabilities: false,
    });
    state.update(predicted, targets.data, inputs.shape[0]!);
    return state.result() as number;
  };
  return { samples: inputs.shape[0]!, loss, meanAbsoluteError: measure(mae()), r2: measure(r2()) };
}

/** One line: `loss 0.0712, accuracy 98.06 % (353 of 360)` */
export function assessmentLine({ samples, loss, accuracy, meanAbsoluteError, r2 }: Assessment): string {
  if (accuracy !== undefined)
    return `loss ${short(loss)}, accuracy ${percent(accuracy, 2)} (${count(Math.round(accuracy * samples))} of ${count(samples)})`;
  return `loss ${short(loss)}, mean absolute error ${short(meanAbsoluteError!)}, R² ${short(r2!)} (${count(samples)} rows)`;
}

/** The confusion matrix as text; nothing for quantities. */
export function confusionOf({ classes }: Recalled, { confusion }: Assessment): string | undefined {
  return classes && confusion && confusionText(classes, confusion);
}
