// `neurite predict`: a saved model and rows in, a line of CSV for each row out.
import { once } from 'node:events';
import type { Command } from 'commander';
import { FormatError } from '../core/errors.ts';
import type { Tensor } from '../data/tensor.ts';
import { argmaxRow } from '../metrics/metric.ts';
import { loadModel } from '../model/load.ts';
import { csvLine, type CsvField } from '../node/csv-text.ts';
import { writeCsv } from '../node/csv.ts';
import { UsageError } from './exit.ts';
import { predictRows, recall, type Recalled } from './remembered.ts';
import { readRows } from './rows.ts';
import { counted } from './text.ts';

interface PredictOptions {
  out?: string;
  probabilities: boolean;
}

const examples = `
Examples:
  $ neurite predict digits.safetensors rows.csv --out predictions.csv
  $ neurite predict model.safetensors rows.csv --probabilities | head

The model remembers its columns, classes and normalisation. Columns are found by name, in any order;
those that the model does not need are ignored.`;

export function registerPredict(program: Command): void {
  program
    .command('predict')
    .description('predict each row of a CSV file')
    .argument('<model>', 'a safetensors file that neurite has written')
    .argument('<rows>', 'the path of a CSV file')
    .option('--out <file>', 'where the predictions go (default: the standard output)')
    .option('--probabilities', 'a column with the probability of each class, too', false)
    .addHelpText('after', examples)
    .action(predict);
}

async function predict(modelPath: string, rowsPath: string, { out, probabilities }: PredictOptions): Promise<void> {
  const model = await loadModel(modelPath);
  const recalled = recall(model);
  if (probabilities && !recalled.classes)
    throw new UsageError(`--probabilities needs a model of classes; ${modelPath} predicts a quantity`);
  const inputs = await readRows(model, recalled, rowsPath);
  const outputs = predictRows(model, recalled, inputs);
  if (probabilities) checkProbabilities(outputs, modelPath);
  const columns = columnNames(recalled, outputs, probabilities);
  const rows = predictionRows(recalled, outputs, probabilities);
  if (out === undefined) return print(columns, rows);
  await writeCsv(out, columns, rows);
  console.log(`${counted(inputs.shape[0]!, 'prediction')} in ${out}`);
}

function checkProbabilities({ data, shape }: Tensor, path: string): void {
  const columns = shape[1]!;
  const first = Array.from(data.subarray(0, columns));
  const sum = first.reduce((total, value) => total + value, 0);
  if (first.some((value) => value < 0) || Math.abs(sum - 1) > 1e-3)
    throw new FormatError(`the outputs of ${path} are no probabilities: those of the first row sum to ${sum}`);
}

function columnNames({ classes, targetName }: Recalled, { shape }: Tensor, probabilities: boolean): string[] {
  const predicted = targetName ?? 'prediction';
  if (classes) return [predicted, ...(probabilities ? classes.map((name) => `probability ${name}`) : [])];
  return shape[1] === 1 ? [predicted] : Array.from({ length: shape[1]! }, (_, i) => `${predicted} ${i}`);
}

function* predictionRows(
  { classes }: Recalled,
  { data, shape: [rows, columns] }: Tensor,
  probabilities: boolean,
): Generator<CsvField[]> {
  for (let row = 0; row < rows!; row++) {
    const values = [...data.subarray(row * columns!, (row + 1) * columns!)];
    if (!classes) yield values;
    else yield [classes[argmaxRow(data, row, columns!)]!, ...(probabilities ? values : [])];
  }
}

async function print(columns: readonly string[], rows: Iterable<CsvField[]>): Promise<void> {
  let text = csvLine(columns);
  for (const row of rows) {
    text += csvLine(row);
    if (text.length < 1 << 16) continue;
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    text = '';
  }
  process.stdout.write(text);
}
