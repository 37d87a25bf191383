// What a model that the command trained remembers in its metadata, so that predicting needs nothing else:
// columns, classes, normalisation, and from which data it came. Read with care: the file may be anybody's.
import { FormatError } from '../core/errors.ts';
import { scalerFromJSON, type Scaler, type ScalerJSON } from '../data/scale.ts';
import type { Tensor } from '../data/tensor.ts';
import { sizeOf } from '../graph/graph.ts';
import type { Model } from '../model/model.ts';

export interface Remembered {
  /** Which data, and how a part of them was held out. */
  readonly dataset?: { readonly name: string; readonly testSize: number; readonly seed: number };
  readonly task?: string;
  readonly targetName?: string;
  /** The inputs' columns in order. */
  readonly featureNames?: readonly string[];
  /** The name of each output, where outputs are classes. */
  readonly classes?: readonly string[];
  readonly imageShape?: readonly number[];
  readonly scaler?: ScalerJSON;
  readonly targetScaler?: ScalerJSON;
  /** How it was trained, for the reader. */
  readonly training?: Readonly<Record<string, unknown>>;
}

/** A model with what it remembers, ready to take rows as they come from a file. */
export interface Recalled extends Omit<Remembered, 'scaler' | 'targetScaler'> {
  readonly scaler: Scaler | undefined;
  readonly targetScaler: Scaler | undefined;
}

const isText = (value: unknown) => typeof value === 'string';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isSizes = (value: unknown) =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size > 0);
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

function isSplit(value: unknown): boolean {
  const { name, testSize, seed } = (value ?? {}) as Record<string, unknown>;
  return isText(name) && typeof testSize === 'number' && Number.isSafeInteger(seed);
}

const forms: Readonly<Record<keyof Remembered, (value: unknown) => boolean>> = {
  dataset: isSplit,
  task: isText,
  targetName: isText,
  featureNames: isTexts,
  classes: isTexts,
  imageShape: isSizes,
  scaler: isObject,
  targetScaler: isObject,
  training: isObject,
};

/** @throws FormatError where the metadata are not of this form, or do not fit the model */
export function recall(model: Model): Recalled {
  const { metadata } = model;
  for (const [name, isRight] of Object.entries(forms))
    if (metadata[name] !== undefined && !isRight(metadata[name]))
      throw new FormatError(`the model's metadata has "${name}" in a form that this command does not know`);
  const { scaler, targetScaler, ...rest } = metadata as Remembered;
  const recalled = {
    ...rest,
    scaler: scaler && scalerFromJSON(scaler),
    targetScaler: targetScaler && scalerFromJSON(targetScaler),
  };
  checkCounts(model, recalled);
  return recalled;
}

function checkCounts(model: Model, { featureNames, classes, scaler, targetScaler }: Recalled): void {
  if (model.inputShapes.length !== 1 || model.outputShapes.length !== 1)
    throw new FormatError(
      `the command takes models of one input and one output, this has ${model.inputShapes.length} and ${model.outputShapes.length}`,
    );
  const inputs = sizeOf(model.inputShapes[0]!);
  const outputs = sizeOf(model.outputShapes[0]!);
  const counts: [string, number | undefined, number][] = [
    ['column names', featureNames?.length, inputs],
    ['columns in its normalisation', scaler?.offset.length, inputs],
    ['classes', classes?.length, outputs],
    ['columns in its targets’ normalisation', targetScaler?.offset.length, outputs],
  ];
  for (const [what, got, expected] of counts)
    if (got !== undefined && got !== expected)
      throw new FormatError(`the model's metadata has ${got} ${what}, the model needs ${expected}`);
}

/** Rows as they are in a file [n, columns], as the model takes them. */
export function toInputs(model: Model, { scaler }: Recalled, rows: Tensor): Tensor {
  const { data } = scaler ? scaler.transform(rows) : rows;
  return { data, shape: [rows.shape[0]!, ...model.inputShapes[0]!] };
}

/** The model's outputs [n, outputs] in the units of the targets. */
export function predictRows(model: Model, recalled: Recalled, rows: Tensor): Tensor {
  const { data } = model.predict(toInputs(model, recalled, rows));
  const outputs = { data, shape: [rows.shape[0]!, sizeOf(model.outputShapes[0]!)] };
  return recalled.targetScaler ? recalled.targetScaler.inverse(outputs) : outputs;
}
