// Which module of a state_dict is which unit of a model: by the names that are given or equal, then by shapes, and among
// equal shapes by order, if the names differ by their numbers alone and so tell one.
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../graph/graph.ts';
import type { Place } from './entries.ts';
import type { Unit } from './units.ts';

/** The tensors of a file by name, as PyTorch says them but for the numbers of recurrent layers. */
export interface Module {
  /** What its names begin with: `encoder.0`, or nothing for a module that was saved alone. */
  readonly prefix: string;
  /** By their names within it. */
  readonly tensors: ReadonlyMap<string, Place>;
}

/** `lstm.weight_ih_l1_reverse` becomes `weight_ih_reverse` of the module `lstm.l1`. */
export function locate(name: string): { prefix: string; local: string } {
  const recurrent = /^(.*?\.)?((?:weight|bias)_(?:ih|hh))_l(\d+)(_reverse)?$/.exec(name);
  if (recurrent)
    return { prefix: `${recurrent[1] ?? ''}l${recurrent[3]}`, local: recurrent[2]! + (recurrent[4] ?? '') };
  const dot = name.lastIndexOf('.');
  return { prefix: name.slice(0, Math.max(0, dot)), local: name.slice(dot + 1) };
}

/** The reverse of `locate`, for a name within a module. */
export function nameIn(prefix: string, local: string): string {
  const recurrent = /^((?:weight|bias)_(?:ih|hh))(_reverse)?$/.exec(local);
  const stack = /^(.*\.)?l(\d+)$/.exec(prefix);
  if (recurrent && stack) return `${stack[1] ?? ''}${recurrent[1]}_l${stack[2]}${recurrent[2] ?? ''}`;
  return prefix === '' ? local : `${prefix}.${local}`;
}

/** Numbers compare as numbers: `layer.10` comes after `layer.9`. */
export const naturally = new Intl.Collator('en', { numeric: true }).compare;

/** The file's tensors as seen from each prefix that any of them has, so that a module holds those within it. */
export function modulesOf(tensors: readonly Place[]): Module[] {
  const modules = new Map<string, Map<string, Place>>();
  for (const tensor of tensors) {
    const { prefix, local } = locate(tensor.name);
    const words = prefix === '' ? [] : prefix.split('.');
    for (let length = 0; length <= words.length; length++) {
      const outer = words.slice(0, length).join('.');
      const within = [...words.slice(length), local].join('.');
      if (!modules.has(outer)) modules.set(outer, new Map());
      modules.get(outer)!.set(within, tensor);
    }
  }
  return [...modules]
    .map(([prefix, all]) => ({ prefix, tensors: all }))
    .toSorted((a, b) => naturally(a.prefix, b.prefix));
}

const isRecurrent = (unit: Unit): boolean =>
  unit.entries.some(({ torch }) => torch.some(({ name }) => name.startsWith('weight_ih')));

/** Which of a stack of recurrent layers a unit is. */
const stackOf = (unit: Unit): string => /\.layer(\d+)$/.exec(unit.name)?.[1] ?? '0';

/** The prefix of a unit's module as `locate` gives it, whose user writes `lstm` for `lstm.l0`. */
export const modulePrefix = (unit: Unit, prefix: string): string =>
  isRecurrent(unit) && !/(^|\.)l\d+$/.test(prefix) ? `${prefix}.l${stackOf(unit)}` : prefix;

const expectedOf = (unit: Unit): Place[] => unit.entries.flatMap(({ torch }) => torch);

/** What must be equal in a module and a unit: the names and shapes of their tensors. */
const signature = (places: Iterable<readonly [string, Place]>): string =>
  [...places]
    .map(([name, { shape }]) => `${name} ${shape.join('×')}`)
    .toSorted()
    .join('; ');

const signatureOfUnit = (unit: Unit): string => signature(expectedOf(unit).map((place) => [place.name, place]));

/**
 * The module of each unit that has one.
 * @param map modules' names to units' names, as their user gives them
 * @throws NeuriteError for a name in the map that is nowhere, and where shapes and names leave a choice; ShapeError where a
 * name is given or equal and a shape is another
 */
export function matchUnits(
  units: readonly Unit[],
  modules: readonly Module[],
  map: Readonly<Record<string, string>>,
): Map<Unit, Module> {
  const matched = new Map<Unit, Module>();
  const free = new Set(modules);
  const take = (unit: Unit, module: Module) => {
    matched.set(unit, module);
    const used = new Set(module.tensors.values());
    for (const other of free) if ([...other.tensors.values()].some((tensor) => used.has(tensor))) free.delete(other);
  };
  for (const [prefix, name] of Object.entries(map)) take(...given(units, modules, prefix, name));
  for (const unit of units) {
    const same = unit.isNamed && !matched.has(unit) ? namedAlike(unit, free) : undefined;
    if (same) take(unit, checkShapes(unit, same));
  }
  // The larger ones first: a transformer's layer before the modules that it is made of.
  const rest = units.filter((unit) => !matched.has(unit));
  const classes = groups(rest);
  for (const [key, alike] of classes) {
    const candidates = [...free].filter((module) => signature(module.tensors) === key);
    if (candidates.length !== alike.length) continue;
    expectOrder(alike, candidates);
    alike.forEach((unit, i) => take(unit, candidates[i]!));
  }
  return matched;
}

function groups(units: readonly Unit[]): [string, Unit[]][] {
  const classes = new Map<string, Unit[]>();
  for (const unit of units) {
    const key = signatureOfUnit(unit);
    classes.set(key, [...(classes.get(key) ?? []), unit]);
  }
  return [...classes].toSorted(([, [a]], [, [b]]) => b!.entries.length - a!.entries.length);
}

function given(units: readonly Unit[], modules: readonly Module[], prefix: string, name: string): [Unit, Module] {
  const unit = units.find((each) => each.name === name);
  if (!unit)
    throw new NeuriteError(
      `loadStateDict: the map names the layer "${name}"; with weights there are ${units.map((each) => each.name).join(', ')}`,
    );
  const module = modules.find((each) => each.prefix === modulePrefix(unit, prefix));
  if (!module)
    throw new NeuriteError(`loadStateDict: the map names the module "${prefix}", which the file does not have`);
  return [unit, checkShapes(unit, module)];
}

/** A name of the model has no dots: `layer1_0_conv1` is `layer1.0.conv1`. */
function namedAlike(unit: Unit, free: ReadonlySet<Module>): Module | undefined {
  const wanted = modulePrefix(unit, unit.name.replace(/\.layer\d+$/, '')).replaceAll('.', '_');
  const names = expectedOf(unit).map(({ name }) => name);
  return [...free].find(
    ({ prefix, tensors }) => prefix.replaceAll('.', '_') === wanted && names.some((name) => tensors.has(name)),
  );
}

function checkShapes(unit: Unit, module: Module): Module {
  for (const { name, shape } of expectedOf(unit)) {
    const tensor = module.tensors.get(name);
    if (tensor && !sameShape(tensor.shape, shape))
      throw new ShapeError(
        `loadStateDict: tensor "${tensor.name}" is ${formatShape(tensor.shape)} in the file, and layer "${unit.name}" needs ${formatShape(shape)}`,
      );
  }
  return module;
}

/** Names that differ by more than their numbers tell no order. */
function expectOrder(units: readonly Unit[], modules: readonly Module[]): void {
  const patterns = new Set(modules.map(({ prefix }) => prefix.replaceAll(/\d+/g, '#')));
  if (patterns.size <= 1) return;
  const theirs = modules.map(({ prefix }) => `"${prefix}"`).join(', ');
  throw new NeuriteError(
    `loadStateDict: the modules ${theirs} have the same shapes, and so have the layers ${units.map(({ name }) => name).join(', ')}; ` +
      `say which is which by the option map: { '${modules[0]!.prefix}': '${units[0]!.name}', … }`,
  );
}
