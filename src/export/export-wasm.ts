// `exportWasm`: a network as one module that needs nothing.
import { coreBytes } from '../core/core.ts';
import { NeuriteError } from '../core/errors.ts';
import type { Variant } from '../core/features.ts';
import { unknownName } from '../core/nearest.ts';
import { compile } from '../graph/compile.ts';
import { sizeOf, type DType, type GraphFunction, type Shape } from '../graph/graph.ts';
import { expectInteger } from '../layers/layer.ts';
import type { InferenceModel } from '../model/inference.ts';
import type { ModelValues } from '../model/inputs.ts';
import { carriedPrefix, forwardFunction, outputName } from '../model/trace.ts';
import { assemble, heapBaseOf } from './assemble.ts';
import { measureError, type WeightError } from './error.ts';
import { layOut, type Kept, type WeightFormat } from './layout.ts';
import { parseModule, writeModule } from './wasm/module.ts';

export interface WasmOptions {
  /** The build that is written: 'simd' (every engine) by default, or 'relaxed'. */
  readonly variant?: Exclude<Variant, 'debug'>;
  /** Samples that one run computes; 1 by default. */
  readonly batchSize?: number;
  /** How weights are stored; 'float32' by default. The others are expanded when the module starts, and need `data`. */
  readonly weights?: WeightFormat;
  /** Samples on which the error of smaller weights is measured. */
  readonly data?: ModelValues;
  /** The largest difference of any output from the model's, beyond which smaller weights are refused; 0.01 by default. */
  readonly maximumError?: number;
}

/** An input or output of the exported network. */
export interface WasmPort {
  readonly name: string;
  /** The shape of one sample. */
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
}

export interface WasmExport {
  /** The module's file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes of it that are weights. */
  readonly weightBytes: number;
  readonly batchSize: number;
  readonly inputs: readonly WasmPort[];
  readonly outputs: readonly WasmPort[];
  /** How far outputs are from the model's on `data`; undefined where no data was given. */
  readonly error: WeightError | undefined;
}

const formats: readonly WeightFormat[] = ['float32', 'float16', 'int8'];
const dtypeName = (dtype: DType) => (dtype === 'i32' ? 'int32' : 'float32');

/**
 * A model as one self-contained WebAssembly module: only the kernels that it uses, its program, its weights. It imports
 * nothing and exports `memory`, `run()`, and the addresses of inputs and outputs as globals.
 * @example const { bytes } = await exportWasm(model);
 * @throws RangeError for an unknown option; NeuriteError where smaller weights err by more than `maximumError`
 */
export async function exportWasm(model: InferenceModel, options: WasmOptions = {}): Promise<WasmExport> {
  const { variant, batchSize, weights, data, maximumError } = checkOptions(options);
  const { topology } = model;
  const core = parseModule(await coreBytes(variant));
  const source = forwardFunction(topology, batchSize);
  const compiled = compile(source);
  const layout = layOut(compiled, heapBaseOf(core), keptValues(model, source), weights);
  const inputs = topology.inputs.map(({ name }) => compiled.inputs.get(name)!);
  const outputs = topology.outputs.map((_, i) => compiled.outputs.get(outputName(i))!);
  const bytes = writeModule(assemble(core, compiled, layout, { inputs, outputs }));
  const error = data === undefined ? undefined : await measureError(model, bytes, data, batchSize);
  if (error && !(error.maximum <= maximumError))
    throw new NeuriteError(
      `exportWasm: with weights as ${weights} an output is ${error.maximum.toPrecision(3)} away from the model's, more than ${maximumError} (maximumError)`,
    );
  return {
    bytes,
    weightBytes: layout.weightBytes,
    batchSize,
    inputs: topology.inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype: dtypeName(dtype) })),
    outputs: model.outputShapes.map((shape, i) => ({
      name: outputName(i),
      shape,
      dtype: dtypeName(outputs[i]!.dtype),
    })),
    error,
  };
}

/** What the network keeps, by name. What samples carry from run to run begins as it began in the model. */
function keptValues({ storage }: InferenceModel, { nodes }: GraphFunction): (name: string) => Kept {
  const states = new Map(
    nodes
      .filter(({ operation, attributes }) => operation === 'storage' && attributes['initial'] !== undefined)
      .map(({ attributes, shape, dtype }) => [attributes['name'] as string, { attributes, shape, dtype }]),
  );
  return (name) => {
    const state = name.startsWith(carriedPrefix) || !storage.has(name) ? states.get(name) : undefined;
    if (!state) return { data: storage.data(name), shape: storage.get(name).shape };
    const { attributes, shape, dtype } = state;
    const data = new (dtype === 'i32' ? Int32Array : Float32Array)(sizeOf(shape));
    return { data: data.fill(attributes['initial'] as number), shape };
  };
}

export const wasmOptionNames: readonly string[] = [
  'variant',
  'batchSize',
  'weights',
  'data',
  'maximumError',
] as const satisfies readonly (keyof WasmOptions)[];

function checkOptions(options: WasmOptions) {
  if (typeof options !== 'object' || options === null) throw new TypeError('exportWasm: expected an object of options');
  for (const name of Object.keys(options))
    if (!wasmOptionNames.includes(name)) throw unknownName('option of exportWasm', name, wasmOptionNames);
  const { variant = 'simd', batchSize = 1, weights = 'float32', data, maximumError = 0.01 } = options;
  if (variant !== 'simd' && variant !== 'relaxed')
    throw new RangeError(`exportWasm: expected variant "simd" or "relaxed", got "${String(variant)}"`);
  if (!formats.includes(weights)) throw unknownName('format of weights', weights, formats);
  if (typeof maximumError !== 'number' || !(maximumError >= 0))
    throw new RangeError(`exportWasm: expected a maximumError of at least 0, got ${String(maximumError)}`);
  if (weights !== 'float32' && data === undefined)
    throw new TypeError(
      `exportWasm: weights as ${weights} need the option data, samples on which their error is measured`,
    );
  return { variant, batchSize: expectInteger('exportWasm: batchSize', batchSize, 1), weights, data, maximumError };
}
