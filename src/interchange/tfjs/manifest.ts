// The weights of a TensorFlow.js model: groups of shards, whose bytes one after the other hold the group's tensors, float32
// or quantised. A manifest may lie: paths, names, shapes and the number of bytes are checked before anything is made.
import { FormatError } from '../../core/errors.ts';
import { fromHalf } from '../../core/halves.ts';
import { checkedBytes, isObject, isSizes, quote, viewOrCopy } from '../../formats/numeric.ts';
import { sizeOf } from '../../graph/graph.ts';
import type { StoredTensor } from '../keras/assemble.ts';

/** The bytes of a file beside the model. */
export type ReadShard = (path: string) => Promise<Uint8Array>;

interface Quantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  readonly scale: number;
  readonly min: number;
}

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: Quantization | undefined;
}

const widths: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

/** @throws FormatError for a manifest that does not fit its shards */
export async function readManifest(
  manifest: unknown,
  read: ReadShard,
  what: string,
): Promise<Map<string, StoredTensor>> {
  if (!Array.isArray(manifest)) throw new FormatError(`${what}: weightsManifest is ${quote(manifest)}, not a list`);
  const tensors = new Map<string, StoredTensor>();
  for (const [number, group] of (manifest as unknown[]).entries()) {
    const place = `${what}: group ${number} of the weights`;
    const { paths, specs } = groupOf(group, place);
    const bytes = joined(await Promise.all(paths.map((path) => read(checkedPath(path, place)))));
    for (const tensor of tensorsIn(specs, bytes, place)) {
      if (tensors.has(tensor.name)) throw new FormatError(`${what}: the weight ${quote(tensor.name)} is there twice`);
      tensors.set(tensor.name, tensor);
    }
  }
  return tensors;
}

function groupOf(group: unknown, place: string): { paths: string[]; specs: Spec[] } {
  if (!isObject(group) || !Array.isArray(group['paths']) || !Array.isArray(group['weights']))
    throw new FormatError(`${place} has no paths and weights`);
  const paths = group['paths'] as unknown[];
  if (!paths.every((path): path is string => typeof path === 'string'))
    throw new FormatError(`${place} has paths that are no texts`);
  if (new Set(paths).size < paths.length) throw new FormatError(`${place} has a path twice`);
  return { paths, specs: (group['weights'] as unknown[]).map((spec, i) => specOf(spec, `${place}, weight ${i}`)) };
}

function specOf(spec: unknown, place: string): Spec {
  if (!isObject(spec) || typeof spec['name'] !== 'string') throw new FormatError(`${place} has no name`);
  const { name, shape, dtype } = spec;
  const named = `${place} (${quote(name)})`;
  if (!isSizes(shape)) throw new FormatError(`${named} has the shape ${quote(shape)}`);
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new FormatError(`${named} is ${quote(dtype)}; float32, int32 and bool are read`);
  return { name, shape, dtype, quantization: quantizationOf(spec['quantization'], named) };
}

function quantizationOf(value: unknown, place: string): Quantization | undefined {
  if (value === undefined || value === null) return undefined;
  const { dtype, scale = 1, min = 0 } = (isObject(value) ? value : {}) as Partial<Quantization>;
  if (dtype !== 'uint8' && dtype !== 'uint16' && dtype !== 'float16')
    throw new FormatError(`${place} is quantised as ${quote(dtype)}; uint8, uint16 and float16 are read`);
  if (typeof scale !== 'number' || typeof min !== 'number')
    throw new FormatError(`${place} has a quantisation without scale and min`);
  return { dtype, scale, min };
}

/** A file in the model's folder or below. */
function checkedPath(path: string, place: string): string {
  const words = path.split('/');
  if (path === '' || /^[\w+.-]*:|[\\\0]/.test(path) || path.startsWith('/') || words.includes('..'))
    throw new FormatError(`${place}: the path ${quote(path)} leads outside the model's folder`);
  return path;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function tensorsIn(specs: readonly Spec[], bytes: Uint8Array, place: string): StoredTensor[] {
  let end = 0;
  const tensors = specs.map((spec) => {
    const begin = end;
    end += checkedBytes(spec.shape, widths[spec.quantization?.dtype ?? spec.dtype]!, `${place}: ${quote(spec.name)}`);
    return { name: spec.name, shape: spec.shape, data: () => decoded(spec, bytes, begin) };
  });
  if (end !== bytes.length) throw new FormatError(`${place} needs ${end} bytes, and its files have ${bytes.length}`);
  return tensors;
}

function decoded({ shape, dtype, quantization }: Spec, bytes: Uint8Array, begin: number): Float32Array {
  const { buffer, byteOffset } = bytes;
  const length = sizeOf(shape);
  const at = byteOffset + begin;
  if (quantization) {
    const { dtype: stored, scale, min } = quantization;
    if (stored === 'uint8') return Float32Array.from(new Uint8Array(buffer, at, length), (q) => q * scale + min);
    const words = viewOrCopy(Uint16Array, buffer, at, length);
    return Float32Array.from(words, stored === 'float16' ? fromHalf : (q) => q * scale + min);
  }
  if (dtype === 'float32') return viewOrCopy(Float32Array, buffer, at, length);
  if (dtype === 'int32') return Float32Array.from(viewOrCopy(Int32Array, buffer, at, length));
  return Float32Array.from(new Uint8Array(buffer, at, length));
}
