// The weights of a PyTorch model on a model of neurite, by names and shapes, and back. Not here: how one tensor becomes
// another (entries.ts), and which module is which layer (match.ts).
import { NeuriteError } from '../../core/errors.ts';
import { formatShape, sizeOf } from '../../graph/graph.ts';
import { isObject, quote, type NumericArray } from '../../formats/numeric.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import type { InferenceModel } from '../../model/inference.ts';
import { refusePickle } from '../pickle.ts';
import type { Place } from './entries.ts';
import { matchUnits, modulePrefix, modulesOf, naturally, nameIn, type Module } from './match.ts';
import { unitsOf, type Unit } from './units.ts';

/** A tensor as a file has it: PyTorch's layout. */
export interface StateTensor {
  readonly data: NumericArray;
  readonly shape: readonly number[];
}

/** The bytes of a safetensors file, what `decodeSafetensors` gave, or tensors by name. */
export type StateDict =
  | Uint8Array
  | { readonly tensors: ReadonlyMap<string, StateTensor> }
  | ReadonlyMap<string, StateTensor>
  | Readonly<Record<string, StateTensor>>;

export interface StateDictOptions {
  /**
   * Which module is which layer, where names and shapes do not tell: `{ 'encoder.0': 'layers.0' }`; or new names for the
   * file's tensors: `(name) => name.replace(/^module\./, '')`, null for one to leave out.
   */
  readonly map?: Readonly<Record<string, string>> | ((name: string) => string | null);
  /** false loads what fits; by default a name without a counterpart on either side is an error. */
  readonly strict?: boolean;
}

export interface StateDictReport {
  /** The file's module of each layer: what `map` takes, of `toStateDict` too. */
  readonly modules: Readonly<Record<string, string>>;
  /** The model's values that the file has nothing for. */
  readonly missing: readonly string[];
  /** The file's tensors that the model has no place for. */
  readonly unexpected: readonly string[];
}

/** What PyTorch counts and nothing reads. */
const isCounter = (name: string) => /(^|\.)num_batches_tracked$/.test(name);

/**
 * Gives a model the weights of a PyTorch `state_dict`: transposed, split and added where PyTorch stores them another way,
 * also for a dense layer behind a flattened image, whose inputs PyTorch has channel by channel.
 * @example const report = loadStateDict(model, await readFileBytes('net.safetensors'));
 * @throws NeuriteError for names that are on one side alone (unless `strict: false`), or where layers of equal shapes have
 * names that tell no order; ShapeError for a tensor of another shape; FormatError for a pickle (.pt). Then nothing is changed
 */
export function loadStateDict(
  model: InferenceModel,
  stateDict: StateDict,
  { map = {}, strict = true }: StateDictOptions = {},
): StateDictReport {
  const tensors = renamed(tensorsOf(stateDict), typeof map === 'function' ? map : (name) => name);
  const places = [...tensors]
    .map(([name, { shape }]) => ({ name, shape }))
    .toSorted((a, b) => naturally(a.name, b.name));
  const units = unitsOf(model);
  const matched = matchUnits(units, modulesOf(places), typeof map === 'function' ? {} : map);
  const { weights, used } = convert(matched, tensors);
  const missing = units
    .flatMap(({ entries }) => entries.flatMap(({ model: values }) => values.map(({ name }) => name)))
    .filter((name) => !(name in weights));
  const unexpected = places.map(({ name }) => name).filter((name) => !used.has(name));
  if (strict && (missing.length || unexpected.length)) throw unmatched(missing, unexpected, places, units);
  model.setWeights(weights);
  return {
    modules: Object.fromEntries([...matched].map(([unit, { prefix }]) => [prefix, unit.name])),
    missing,
    unexpected,
  };
}

function tensorsOf(stateDict: StateDict): ReadonlyMap<string, StateTensor> {
  if (stateDict instanceof Uint8Array) {
    refusePickle(stateDict, 'loadStateDict');
    return decodeSafetensors(stateDict).tensors;
  }
  if (stateDict instanceof Map) return stateDict as ReadonlyMap<string, StateTensor>;
  if (!isObject(stateDict)) throw new TypeError(`loadStateDict: expected tensors by name, got ${quote(stateDict)}`);
  const { tensors } = stateDict as { tensors?: unknown };
  return tensors instanceof Map ? tensors : new Map(Object.entries(stateDict as Record<string, StateTensor>));
}

function renamed(
  tensors: ReadonlyMap<string, StateTensor>,
  rename: (name: string) => string | null,
): Map<string, StateTensor> {
  const result = new Map<string, StateTensor>();
  for (const [name, tensor] of tensors) {
    const to = isCounter(name) ? null : rename(name);
    if (to === null) continue;
    if (result.has(to)) throw new NeuriteError(`loadStateDict: two tensors are named ${quote(to)}`);
    if (tensor.data.length !== sizeOf(tensor.shape))
      throw new NeuriteError(
        `loadStateDict: tensor ${quote(name)} has ${tensor.data.length} values, not those of ${formatShape(tensor.shape)}`,
      );
    result.set(to, tensor);
  }
  return result;
}

/** The model's values of everything that was matched, and the names of the tensors that they are made of. */
function convert(matched: ReadonlyMap<Unit, Module>, tensors: ReadonlyMap<string, StateTensor>) {
  const weights: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
  const used = new Set<string>();
  for (const [unit, module] of matched)
    for (const entry of unit.entries) {
      const found = entry.torch.map(({ name }) => module.tensors.get(name));
      if (!found.every((place): place is Place => place !== undefined)) continue;
      for (const { name } of found) used.add(name);
      const values = entry.load(found.map(({ name }) => floats(name, tensors.get(name)!)));
      entry.model.forEach(({ name, shape }, i) => (weights[name] = { data: values[i]!, shape }));
    }
  return { weights, used };
}

function floats(name: string, { data }: StateTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  throw new TypeError(`loadStateDict: tensor "${name}" holds whole numbers (${data.constructor.name}), not weights`);
}

const listed = (names: readonly string[]): string =>
  names.length > 30 ? `${names.slice(0, 30).join(', ')} and ${names.length - 30} more` : names.join(', ');

function unmatched(
  missing: readonly string[],
  unexpected: readonly string[],
  places: readonly Place[],
  units: readonly Unit[],
): NeuriteError {
  const shapes = new Map<string, string>();
  for (const { name, shape } of places) shapes.set(name, formatShape(shape));
  for (const { entries } of units)
    for (const { model } of entries) for (const { name, shape } of model) shapes.set(name, formatShape(shape));
  const withShapes = (names: readonly string[]) => listed(names.map((name) => `${name} ${shapes.get(name)}`));
  const parts = [
    ...(missing.length ? [`the model's without a counterpart in the file: ${withShapes(missing)}`] : []),
    ...(unexpected.length ? [`the file's without a place in the model: ${withShapes(unexpected)}`] : []),
  ];
  return new NeuriteError(
    `loadStateDict: the names do not match (strict: false loads the rest, the option map says which is which). ${parts.join('; ')}`,
  );
}

/**
 * The weights of a model as PyTorch's `load_state_dict` takes them, for `encodeSafetensors`. A module has its layer's name,
 * `0` for `layers.0`, unless `map` has another, as a report of `loadStateDict` gives it.
 * @example await writeFileAtomic('net.safetensors', encodeSafetensors(toStateDict(model)));
 * @throws NeuriteError for a layer that PyTorch has no module for, or a map that names no layer
 */
export function toStateDict(
  model: InferenceModel,
  { map = {} }: { readonly map?: Readonly<Record<string, string>> } = {},
): Map<string, { data: Float32Array | BigInt64Array; shape: readonly number[] }> {
  const units = unitsOf(model);
  const prefixes = new Map(Object.entries(map).map(([prefix, name]) => [name, prefix]));
  for (const name of prefixes.keys())
    if (!units.some((unit) => unit.name === name))
      throw new NeuriteError(
        `toStateDict: the map names the layer "${name}"; with weights there are ${units.map((unit) => unit.name).join(', ')}`,
      );
  const result = new Map<string, { data: Float32Array | BigInt64Array; shape: readonly number[] }>();
  for (const unit of units) {
    const names = unit.entries.flatMap(({ torch }) => torch.map(({ name }) => name));
    const layer = unit.name.replace(/\.layer\d+$/, '').replace(/^layers\.(\d+)$/, '$1');
    const prefix = modulePrefix(unit, prefixes.get(unit.name) ?? layer);
    for (const entry of unit.entries) {
      const values = entry.save(entry.model.map(({ name }) => (model.storage.data(name) as Float32Array).slice()));
      entry.torch.forEach(({ name, shape }, i) => result.set(nameIn(prefix, name), { data: values[i]!, shape }));
    }
    if (names.includes('running_mean'))
      result.set(nameIn(prefix, 'num_batches_tracked'), { data: BigInt64Array.of(0n), shape: [] });
  }
  return result;
}
