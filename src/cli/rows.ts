// The rows of a CSV file that a saved model takes, its columns found by name.
import { FormatError } from '../core/errors.ts';
import type { Tensor } from '../data/tensor.ts';
import { sizeOf } from '../graph/graph.ts';
import type { Model } from '../model/model.ts';
import { readCsv } from '../node/csv.ts';
import { checkColumns, columnsOf } from './data.ts';
import type { Recalled } from './remembered.ts';
import { counted, listed } from './text.ts';

/** The rows that the model needs [n, inputs]; a model without column names takes them in the file's order. */
export async function readRows(model: Model, { featureNames }: Recalled, path: string): Promise<Tensor> {
  const names = await columnsOf(path);
  if (!featureNames) {
    const needed = sizeOf(model.inputShapes[0]!);
    if (names.length !== needed)
      throw new FormatError(`the model has no column names and takes ${needed} columns; ${path} has ${names.length}`);
    return (await readCsv(path)).inputs;
  }
  checkColumns(path, names, featureNames);
  const ignored = names.filter((name) => !featureNames.includes(name));
  if (ignored.length)
    process.stderr.write(
      `ignored ${counted(ignored.length, 'column')} that the model does not need: ${listed(ignored)}\n`,
    );
  return (await readCsv(path, { columns: featureNames, header: true })).inputs;
}
