// Initial values of parameters: a JSON form (`spec`) and the way to fill an array with it.
// Random numbers are drawn in the core (Philox), so a seed gives the same bits on every engine.
// Fans: of a kernel [..., in, out], in and out times the size of the leading axes.
// Sources: Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe et al. 2014 (orthogonal).
import { unknownName } from '../core/nearest.ts';
import { ShapeError } from '../core/errors.ts';
import { formatShape, sizeOf, type Shape } from '../graph/graph.ts';
import { orthogonalize } from './orthogonal.ts';

export type InitializerSpec = { readonly type: string } & Readonly<Record<string, number | string>>;

/** What fills an array of the model. */
export interface FillTarget {
  readonly shape: Shape;
  constant(value: number): void;
  random(kind: 'Uniform' | 'Normal' | 'TruncatedNormal', a: number, b: number): void;
  /** Changes the values on the host. */
  edit(change: (data: Float32Array) => void): void;
}

export interface Initializer {
  readonly spec: InitializerSpec;
  draw(target: FillTarget): void;
}

/** An initialiser, its name, or its JSON form. */
export type InitializerLike = string | InitializerSpec | Initializer;

interface Fans {
  fanIn: number;
  fanOut: number;
}

function fansOf(shape: Shape): Fans {
  if (shape.length === 0) return { fanIn: 1, fanOut: 1 };
  if (shape.length === 1) return { fanIn: shape[0]!, fanOut: shape[0]! };
  const receptive = sizeOf(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * receptive, fanOut: shape.at(-1)! * receptive };
}

type Parameters = Readonly<Record<string, number>>;
interface Definition {
  defaults: Parameters;
  check?(parameters: Parameters): string | undefined;
  draw(target: FillTarget, parameters: Parameters): void;
}

const nonNegative = (name: string) => (parameters: Parameters) =>
  parameters[name]! >= 0 ? undefined : `a non-negative ${name}, got ${parameters[name]}`;

/** Uniform in ±√(3 · variance), or normal truncated at two deviations: the two forms of a scaled initialiser. */
const scaled = (form: 'uniform' | 'normal', variance: (fans: Fans) => number): Definition => ({
  defaults: {},
  draw(target) {
    const { fanIn, fanOut } = fansOf(target.shape);
    const v = variance({ fanIn: Math.max(1, fanIn), fanOut: Math.max(1, fanOut) });
    const limit = Math.sqrt(3 * v);
    if (form === 'uniform') target.random('Uniform', -limit, limit);
    // A standard normal cut at ±2 has the deviation 0.8796…; dividing by it restores the variance asked for.
    else target.random('TruncatedNormal', 0, Math.sqrt(v) / 0.8796256610342398);
  },
});

const glorot = ({ fanIn, fanOut }: Fans) => 2 / (fanIn + fanOut);
const he = ({ fanIn }: Fans) => 2 / fanIn;
const lecun = ({ fanIn }: Fans) => 1 / fanIn;

const definitions: Readonly<Record<string, Definition>> = {
  zeros: { defaults: {}, draw: (target) => target.constant(0) },
  ones: { defaults: {}, draw: (target) => target.constant(1) },
  constant: { defaults: { value: 0 }, draw: (target, { value }) => target.constant(value!) },
  uniform: {
    defaults: { minimum: -0.05, maximum: 0.05 },
    check: ({ minimum, maximum }) =>
      minimum! <= maximum! ? undefined : `minimum at most maximum, got ${minimum} and ${maximum}`,
    draw: (target, { minimum, maximum }) => target.random('Uniform', minimum!, maximum!),
  },
  normal: {
    defaults: { mean: 0, deviation: 0.05 },
    check: nonNegative('deviation'),
    draw: (target, { mean, deviation }) => target.random('Normal', mean!, deviation!),
  },
  truncatedNormal: {
    defaults: { mean: 0, deviation: 0.05 },
    check: nonNegative('deviation'),
    draw: (target, { mean, deviation }) => target.random('TruncatedNormal', mean!, deviation!),
  },
  glorotUniform: scaled('uniform', glorot),
  glorotNormal: scaled('normal', glorot),
  heUniform: scaled('uniform', he),
  heNormal: scaled('normal', he),
  lecunUniform: scaled('uniform', lecun),
  lecunNormal: scaled('normal', lecun),
  orthogonal: {
    defaults: { gain: 1 },
    draw(target, { gain }) {
      if (target.shape.length < 2)
        throw new ShapeError(`orthogonal: expected at least 2 dimensions, got ${formatShape(target.shape)}`);
      target.random('Normal', 0, 1);
      const columns = target.shape.at(-1)!;
      target.edit((data) => orthogonalize(data, data.length / columns, columns, gain!));
    },
  },
  identity: {
    defaults: { gain: 1 },
    draw(target, { gain }) {
      if (target.shape.length !== 2)
        throw new ShapeError(`identity: expected 2 dimensions, got ${formatShape(target.shape)}`);
      const [rows, columns] = target.shape as [number, number];
      target.constant(0);
      target.edit((data) => {
        for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = gain!;
      });
    },
  },
};

/** The names of all initialisers. */
export const initializerNames = Object.keys(definitions);

/** @throws RangeError for an unknown name or parameter, or a parameter out of range */
export function resolveInitializer(initializer: InitializerLike): Initializer {
  if (typeof initializer === 'object' && typeof (initializer as Initializer | null)?.draw === 'function')
    return initializer as Initializer;
  const spec = typeof initializer === 'string' ? { type: initializer } : (initializer as InitializerSpec);
  if (typeof spec?.type !== 'string') throw new TypeError(`initializer: expected a name, got ${typeof initializer}`);
  const { type, ...given } = spec;
  if (!Object.hasOwn(definitions, type)) throw unknownName('initializer', type, initializerNames);
  const definition = definitions[type]!;
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(definition.defaults, name))
      throw unknownName(`parameter of initializer ${type}`, name, Object.keys(definition.defaults));
    if (!Number.isFinite(value)) throw new RangeError(`${type}: expected a finite ${name}, got ${String(value)}`);
  }
  const parameters = { ...definition.defaults, ...(given as Parameters) };
  const complaint = definition.check?.(parameters);
  if (complaint) throw new RangeError(`${type}: expected ${complaint}`);
  return { spec: { type, ...parameters }, draw: (target) => definition.draw(target, parameters) };
}
