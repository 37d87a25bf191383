// `neurite/onnx`: opens ONNX models, for browsers; on Node src/node/onnx.ts takes its place, which reads paths too.
import { NeuriteError } from '../../core/errors.ts';
import type { CoreOptions } from '../../core/features.ts';
import { readSource, sourceName } from '../../model/files.ts';
import { describeOnnx, type OnnxSummary } from './describe.ts';
import './layer.ts';
import { createOnnx, readOnnx, type ReadExternal } from './load.ts';
import type { Model } from '../../model/model.ts';
import type { OnnxModel } from './model.ts';
import type { OnnxTrainingOptions } from './to-model.ts';

export type { OnnxSummary } from './describe.ts';
export { MissingOperatorsError, type MissingOperator } from './check.ts';
export type { OnnxFeed, OnnxTensor } from './feed.ts';
export { OnnxModel, type OnnxSession } from './model.ts';
export type { OnnxValueInfo } from './open.ts';
export { onnxOperatorNames } from './operator.ts';
export { toOnnx } from './to-onnx.ts';
export type { OnnxTrainingOptions } from './to-model.ts';
export type { DataType } from './types.ts';

/** Where a file comes from. */
export type OnnxSource = string | URL | Blob | Response | ArrayBuffer | Uint8Array;

export interface LoadOnnxOptions extends CoreOptions {
  /** Files of weights by the names that the model gives them. On Node those beside the model are found by themselves. */
  readonly externalData?: Readonly<Record<string, OnnxSource>>;
  /** What errors call the model, where its source has no name. */
  readonly name?: string;
  /** Of the random numbers of nodes that have no seed of their own; 0 by default. Every run has others. */
  readonly seed?: number;
}

/**
 * Opens an ONNX model (operator sets 7 to 22) for inference: from a URL, a Blob, a Response or bytes; on Node from a path.
 * @example const model = await loadOnnx('/models/squeezenet.onnx');
 * @throws FormatError for a file that is damaged or unsound, with its name and the place
 * @throws MissingOperatorsError with all operators that are missing, before anything runs
 */
export async function loadOnnx(source: OnnxSource, options: LoadOnnxOptions = {}): Promise<OnnxModel> {
  const what = sourceName(source, options.name);
  return createOnnx(await readSource(source), what, (location) => handedIn(location, what, options), options);
}

export interface ModelFromOnnxOptions extends LoadOnnxOptions, OnnxTrainingOptions {}

/**
 * An ONNX file as a model of neurite: `fit` trains its weights further, `save`, `exportWasm` and `toOnnx` write it. Inputs
 * and outputs have the batch as their first axis and the shapes of the file (channels first where the file has them so).
 * Its weights are the parameters, under the file's names behind `onnx.`; statistics of batch normalisation stay as they are.
 * @example
 * const model = await modelFromOnnx('digits.onnx');
 * await model.fit(train, { loss: 'crossEntropy', optimizer: adam(), epochs: 5 });
 * @throws as loadOnnx; ShapeError where a size is free and the option `shapes` does not give it
 */
export async function modelFromOnnx(source: OnnxSource, options: ModelFromOnnxOptions = {}): Promise<Model> {
  const what = sourceName(source, options.name);
  return createModel(await readSource(source), what, (location) => handedIn(location, what, options), options);
}

/** The same of bytes. */
export async function createModel(
  bytes: Uint8Array,
  what: string,
  readExternal: ReadExternal,
  { externalData: _files, name: _name, ...options }: ModelFromOnnxOptions,
): Promise<Model> {
  const { model, external } = await readOnnx(bytes, what, readExternal);
  // A chunk of its own: what trains is not needed to open a file.
  const { graphToModel } = await import('./to-model.ts');
  return graphToModel(model, what, external, options);
}

/**
 * What a file holds, without running it: operators, weights, what is missing, and the memory that it takes.
 * @throws FormatError for a file that is damaged or unsound
 */
export async function inspectOnnx(source: OnnxSource, options: LoadOnnxOptions = {}): Promise<OnnxSummary> {
  const what = sourceName(source, options.name);
  return describeOnnx(await readSource(source), what, (location) => handedIn(location, what, options), options);
}

/** @throws NeuriteError for a file that the caller has not given */
export async function handedIn(
  location: string,
  what: string,
  { externalData = {} }: LoadOnnxOptions,
): Promise<Uint8Array> {
  const given = externalData[location];
  if (given === undefined)
    throw new NeuriteError(`${what}: its weights are in "${location}"; give that file in the option externalData`);
  return readSource(given);
}
