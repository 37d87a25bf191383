// `--verify`: the saved model, loaded back, must predict the held-out rows bit for bit as the one in memory does.
import type { CoreOptions } from '../core/features.ts';
import type { Dataset } from '../data/dataset.ts';
import { NeuriteError } from '../core/errors.ts';
import { argmaxRow } from '../metrics/metric.ts';
import { loadModel } from '../model/load.ts';
import type { Model } from '../model/model.ts';
import { picturesText } from './picture.ts';
import { predictRows, recall } from './remembered.ts';
import { counted, percent, short, table } from './text.ts';

const shownRows = 5;

/** @throws NeuriteError where a prediction differs */
export async function verify(model: Model, test: Dataset, path: string, options: CoreOptions): Promise<string> {
  const loaded = await loadModel(path, { variant: options.variant, deterministic: options.deterministic });
  const expected = predictRows(model, recall(model), test.inputs).data;
  const got = predictRows(loaded, recall(loaded), test.inputs);
  const different = got.data.findIndex((value, i) => !Object.is(value, expected[i]));
  if (different !== -1)
    throw new NeuriteError(
      `the model that was loaded back from ${path} predicts ${got.data[different]} where the one in memory predicts ${expected[different]}`,
    );
  const count = test.inputs.shape[0]!;
  const rows = Array.from({ length: Math.min(shownRows, count) }, (_, i) =>
    Math.floor((i * count) / Math.min(shownRows, count)),
  );
  const shown = test.classes ? showClasses(test, got.data, rows) : showQuantities(test, got.data, rows);
  return `\nloaded ${path} back: ${counted(count, 'prediction')}, the same to the bit; ${rows.length} of them:\n\n${shown}`;
}

function showClasses(
  { inputs, targets, classes, imageShape }: Dataset,
  outputs: ArrayLike<number>,
  rows: readonly number[],
): string {
  const columns = classes!.length;
  const size = inputs.shape[1]!;
  const found = rows.map((row) => {
    const predicted = argmaxRow(outputs, row, columns);
    return {
      pixels: inputs.data.subarray(row * size, (row + 1) * size),
      actual: classes![targets.data[row]!]!,
      predicted: classes![predicted]!,
      probability: percent(outputs[row * columns + predicted]!),
    };
  });
  if (imageShape?.length !== 2)
    return table(
      [
        ['predicted', 'probability', 'actual'],
        ...found.map(({ predicted, probability, actual }) => [predicted, probability, actual]),
      ],
      3,
    );
  const captioned = found.map(({ pixels, predicted, probability, actual }) => ({
    pixels,
    caption: predicted === actual ? `${predicted} (${probability})` : `${predicted} (${probability}), is ${actual}`,
  }));
  return picturesText(captioned, imageShape);
}

function showQuantities({ targets }: Dataset, outputs: ArrayLike<number>, rows: readonly number[]): string {
  const lines = rows.map((row) => [short(outputs[row]!), short(targets.data[row]!)]);
  return table([['predicted', 'actual'], ...lines], 0);
}
