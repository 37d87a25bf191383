// `neurite/onnx` on Node: the same as in a browser, with paths, and files of weights beside the model.
import './install.ts';
import { sourceName } from '../model/files.ts';
import { beside, pathOf } from './beside.ts';
import { describeOnnx } from '../formats/onnx/describe.ts';
import { createOnnx } from '../formats/onnx/load.ts';
import {
  createModel,
  handedIn,
  inspectOnnx as inspectAnywhere,
  loadOnnx as loadAnywhere,
  modelFromOnnx as modelAnywhere,
  type ModelFromOnnxOptions,
  type LoadOnnxOptions,
  type OnnxSource,
  type OnnxSummary,
} from '../formats/onnx/index.ts';
import type { OnnxModel } from '../formats/onnx/model.ts';
import type { Model } from '../model/model.ts';
import { readFileBytes } from './files.ts';

export {
  MissingOperatorsError,
  OnnxModel,
  onnxOperatorNames,
  toOnnx,
  type DataType,
  type LoadOnnxOptions,
  type MissingOperator,
  type ModelFromOnnxOptions,
  type OnnxFeed,
  type OnnxSession,
  type OnnxSource,
  type OnnxSummary,
  type OnnxTensor,
  type OnnxTrainingOptions,
  type OnnxValueInfo,
} from '../formats/onnx/index.ts';

/**
 * Opens an ONNX model (operator sets 7 to 22) for inference: from a path, a URL, a Blob, a Response or bytes.
 * @example const model = await loadOnnx('squeezenet.onnx');
 * @throws FormatError for a file that is damaged or unsound, with its name and the place
 * @throws MissingOperatorsError with all operators that are missing, before anything runs
 */
export async function loadOnnx(source: OnnxSource, options: LoadOnnxOptions = {}): Promise<OnnxModel> {
  const path = pathOf(source);
  if (path === undefined) return loadAnywhere(source, options);
  const what = sourceName(source, options.name);
  return createOnnx(await readFileBytes(path), what, reader(path, what, options), options);
}

/**
 * An ONNX file as a model of neurite, to be trained further, saved and exported: from a path, a URL, a Blob, a Response or
 * bytes.
 * @example const model = await modelFromOnnx('digits.onnx');
 * @throws as loadOnnx; ShapeError where a size is free and the option `shapes` does not give it
 */
export async function modelFromOnnx(source: OnnxSource, options: ModelFromOnnxOptions = {}): Promise<Model> {
  const path = pathOf(source);
  if (path === undefined) return modelAnywhere(source, options);
  const what = sourceName(source, options.name);
  return createModel(await readFileBytes(path), what, reader(path, what, options), options);
}

/**
 * What a file holds, without running it: operators, weights, what is missing, and the memory that it takes.
 * @throws FormatError for a file that is damaged or unsound
 */
export async function inspectOnnx(source: OnnxSource, options: LoadOnnxOptions = {}): Promise<OnnxSummary> {
  const path = pathOf(source);
  if (path === undefined) return inspectAnywhere(source, options);
  const what = sourceName(source, options.name);
  return describeOnnx(await readFileBytes(path), what, reader(path, what, options), options);
}

/** Files of weights: those handed in, else those beside the model. */
const reader =
  (path: string, what: string, options: LoadOnnxOptions) =>
  (location: string): Promise<Uint8Array> =>
    options.externalData?.[location] === undefined ? beside(path, location, what) : handedIn(location, what, options);
