// The text of an ES module that loads an exported network and predicts with it, and of its types. It needs nothing: no
// package, no file system, no bundler; the modules of WebAssembly are in it, or handed to `load`.
import { toBase64 } from '../core/base64.ts';
import type { Variant } from '../core/features.ts';
import { relaxedProbe } from '../core/features.ts';
import type { WasmExport, WasmPort } from './export-wasm.ts';

export type WasmVariant = Exclude<Variant, 'debug'>;

/** Of each build that was exported. */
export type WasmModules = Partial<Readonly<Record<WasmVariant, WasmExport>>>;

const head = (modules: WasmModules): string => {
  const sizes = Object.entries(modules).map(
    ([name, { bytes }]) => `${name} ${bytes.length.toLocaleString('en')} bytes`,
  );
  return `// A neural network as WebAssembly, exported by neurite (${sizes.join(', ')}). Needs nothing else.`;
};

/** @param embed whether the modules are in the text */
export function wrapperText(modules: WasmModules, embed: boolean): string {
  const { inputs, outputs, batchSize } = Object.values(modules)[0]!;
  const embedded = Object.entries(modules).map(([name, { bytes }]) => `  ${name}: '${toBase64(bytes)}',`);
  return [
    head(modules),
    `const inputPorts = ${JSON.stringify(inputs)};`,
    `const outputPorts = ${JSON.stringify(outputs)};`,
    `const batchSize = ${batchSize};`,
    ...(embed ? [`const modules = {\n${embedded.join('\n')}\n};`, choice(modules)] : []),
    loader(embed),
    ...(embed ? [tail] : []),
    '',
  ].join('\n\n');
}

const choice = (modules: WasmModules): string =>
  modules.relaxed && modules.simd
    ? `/** The build in use: 'relaxed' where the engine has relaxed SIMD. */
export const variant = WebAssembly.validate(Uint8Array.of(${relaxedProbe.join(', ')})) ? 'relaxed' : 'simd';

const embedded = () => Uint8Array.from(atob(modules[variant]), (letter) => letter.charCodeAt(0));`
    : `export const variant = '${Object.keys(modules)[0]!}';

const embedded = () => Uint8Array.from(atob(modules[variant]), (letter) => letter.charCodeAt(0));`;

const loader = (
  embed: boolean,
): string => `const sizeOf = ({ shape }) => shape.reduce((product, size) => product * size, 1);

async function instantiate(source) {
  const given = await source;
  if (given instanceof WebAssembly.Module) return WebAssembly.instantiate(given);
  const bytes = typeof Response === 'function' && given instanceof Response ? await given.arrayBuffer() : given;
  return (await WebAssembly.instantiate(bytes)).instance;
}

/** Opens the network from a WebAssembly.Module, bytes or a Response${embed ? '; without one, from this file' : ''}. */
export async function load(source${embed ? ' = embedded()' : ''}) {
  const { exports } = await instantiate(source);
  const view = (kind) => (port, i) =>
    new (port.dtype === 'int32' ? Int32Array : Float32Array)(
      exports.memory.buffer,
      exports[kind + (i || '')].value,
      batchSize * sizeOf(port),
    );
  const inputs = inputPorts.map(view('input'));
  const outputs = outputPorts.map(view('output'));

  function run() {
    const stopped = exports.run();
    if (stopped) throw new RangeError('run: an input is out of range (instruction ' + stopped + ' stopped)');
  }

  function countOf(values) {
    if (values.length !== inputs.length)
      throw new TypeError('predict: expected ' + inputs.length + ' inputs, got ' + values.length);
    const count = values[0].length / sizeOf(inputPorts[0]);
    values.forEach((given, i) => {
      const size = sizeOf(inputPorts[i]);
      if (!Number.isInteger(count) || count < 1 || given.length !== count * size)
        throw new RangeError('predict: expected ' + size + ' numbers a sample, got ' + given.length);
    });
    return count;
  }

  function predict(...values) {
    const count = countOf(values);
    const results = outputPorts.map((port) => new Float32Array(count * sizeOf(port)));
    for (let start = 0; start < count; start += batchSize) {
      const samples = Math.min(batchSize, count - start);
      inputs.forEach((input, i) => {
        const size = sizeOf(inputPorts[i]);
        for (let k = 0; k < samples * size; k++) input[k] = values[i][start * size + k];
        input.fill(0, samples * size);
      });
      run();
      outputs.forEach((output, i) => {
        const size = sizeOf(outputPorts[i]);
        results[i].set(output.subarray(0, samples * size), start * size);
      });
    }
    return results.length === 1 ? results[0] : results;
  }

  return { inputs, outputs, batchSize, run, predict };
}`;

const tail = `const network = await load();
/** Predictions for one sample, or several one behind another. */
export const predict = network.predict;
/** Predicts what stands in \`inputs\` and leaves the result in \`outputs\`. */
export const run = network.run;
export const inputs = network.inputs;
export const outputs = network.outputs;`;

const arrayType = ({ dtype }: WasmPort): string => (dtype === 'int32' ? 'Int32Array' : 'Float32Array');
const tuple = (ports: readonly WasmPort[]): string => `readonly [${ports.map(arrayType).join(', ')}]`;

/** The types of the module's exports. */
export function wrapperTypes(modules: WasmModules, embed: boolean): string {
  const { inputs, outputs } = Object.values(modules)[0]!;
  const parameters = inputs.map(
    ({ name, shape }, i) => `/** ${name}: [${shape.join(', ')}] */ input${i || ''}: ArrayLike<number>`,
  );
  const result = outputs.length === 1 ? 'Float32Array' : `[${outputs.map(() => 'Float32Array').join(', ')}]`;
  return `${head(modules)}
export interface Network {
  /** The memory of the inputs: write to it, call \`run()\`, read \`outputs\`. */
  readonly inputs: ${tuple(inputs)};
  readonly outputs: ${tuple(outputs)};
  /** How many samples they hold. */
  readonly batchSize: number;
  run(): void;
  /** Predictions for one sample, or several one behind another. */
  predict(${parameters.join(', ')}): ${result};
}
export type Source = WebAssembly.Module | BufferSource | Response;
export function load(source${embed ? '?' : ''}: Source | Promise<Source>): Promise<Network>;
${
  embed
    ? `export const variant: 'simd' | 'relaxed';
export const predict: Network['predict'];
export const run: Network['run'];
export const inputs: Network['inputs'];
export const outputs: Network['outputs'];
`
    : ''
}`;
}
