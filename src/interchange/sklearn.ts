// scikit-learn's MLPClassifier and MLPRegressor, from the JSON that a few lines of Python write (docs/formats.md):
// activation, out_activation_, coefs_, intercepts_, classes_. Their weights are [in, out] as ours.
import { FormatError, ShapeError } from '../core/errors.ts';
import type { CoreOptions } from '../core/features.ts';
import { isObject, quote } from '../formats/numeric.ts';
import { parseJson } from '../formats/json.ts';
import type { ActivationName } from '../layers/activations.ts';
import { dense } from '../layers/core.ts';
import type { Model } from '../model/model.ts';
import { sequential } from '../model/sequential.ts';

const hidden: Readonly<Record<string, ActivationName>> = {
  identity: 'linear',
  logistic: 'sigmoid',
  tanh: 'tanh',
  relu: 'relu',
};
const output: Readonly<Record<string, ActivationName>> = {
  identity: 'linear',
  logistic: 'sigmoid',
  softmax: 'softmax',
};

export const isSklearn = (json: unknown): boolean =>
  isObject(json) && Array.isArray(json['coefs']) && 'intercepts' in json;

/** @throws as `loadSklearn` */
export async function openSklearn(bytes: Uint8Array, what: string, options: CoreOptions): Promise<Model> {
  const json = parseJson(bytes, what);
  if (!isObject(json) || !isSklearn(json)) throw new FormatError(`${what}: it has no coefs and intercepts`);
  const inner = named(hidden, json['activation'], `${what}: activation`);
  const outer = named(output, json['out_activation'], `${what}: out_activation`);
  const kernels = (json['coefs'] as unknown[]).map((rows, i) => matrix(rows, `${what}: coefs[${i}]`));
  const intercepts: unknown[] = Array.isArray(json['intercepts']) ? json['intercepts'] : [];
  if (kernels.length === 0 || intercepts.length !== kernels.length)
    throw new FormatError(`${what}: it has ${kernels.length} coefs and ${intercepts.length} intercepts`);
  const biases = intercepts.map((row, i) => numbers(row, `${what}: intercepts[${i}]`));
  kernels.forEach(({ shape: [rows, columns] }, i) =>
    checkSizes(i, rows!, columns!, kernels[i - 1]?.shape[1], biases[i]!.length, what),
  );
  const classes = classesOf(json['classes'], kernels.at(-1)!.shape[1]!, what);
  const layers = kernels.map(({ shape }, i) =>
    dense(shape[1]!, { activation: i === kernels.length - 1 ? outer : inner }),
  );
  const model = await sequential(layers, { ...options, inputShape: [kernels[0]!.shape[0]!] });
  model.setWeights(
    Object.fromEntries(
      kernels.flatMap((kernel, i) => [
        [`layers.${i}.kernel`, kernel],
        [`layers.${i}.bias`, { data: biases[i]!, shape: [biases[i]!.length] }],
      ]),
    ),
  );
  if (classes) model.metadata = { task: 'classification', classes };
  return model;
}

function named(names: Readonly<Record<string, ActivationName>>, value: unknown, what: string): ActivationName {
  if (typeof value === 'string' && Object.hasOwn(names, value)) return names[value]!;
  throw new FormatError(`${what} is ${quote(value)}; expected ${Object.keys(names).join(', ')}`);
}

function numbers(row: unknown, what: string): Float32Array {
  if (!Array.isArray(row) || row.length === 0 || !row.every((value) => typeof value === 'number'))
    throw new FormatError(`${what} is no list of numbers`);
  return Float32Array.from(row as number[]);
}

function matrix(rows: unknown, what: string): { data: Float32Array; shape: readonly number[] } {
  if (!Array.isArray(rows) || rows.length === 0) throw new FormatError(`${what} is no list of rows`);
  const parts = rows.map((row, i) => numbers(row, `${what}[${i}]`));
  const columns = parts[0]!.length;
  const data = new Float32Array(rows.length * columns);
  parts.forEach((part, i) => {
    if (part.length !== columns)
      throw new ShapeError(`${what}[${i}] has ${part.length} numbers, the first row ${columns}`);
    data.set(part, i * columns);
  });
  return { data, shape: [rows.length, columns] };
}

function checkSizes(
  i: number,
  rows: number,
  columns: number,
  before: number | undefined,
  bias: number,
  what: string,
): void {
  if (before !== undefined && before !== rows)
    throw new ShapeError(`${what}: coefs[${i}] has ${rows} rows, and the layer before gives ${before}`);
  if (bias !== columns) throw new ShapeError(`${what}: intercepts[${i}] has ${bias} numbers for ${columns} units`);
}

/** One label an output; of two classes scikit-learn has one output, the probability of the second. */
function classesOf(value: unknown, outputs: number, what: string): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((label) => ['string', 'number', 'boolean'].includes(typeof label)))
    throw new FormatError(`${what}: classes are no labels`);
  const isBinary = outputs === 1 && value.length === 2;
  if (value.length !== outputs && !isBinary)
    throw new ShapeError(`${what}: there are ${value.length} classes for ${outputs} outputs`);
  return value.map(String);
}
