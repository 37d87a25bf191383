// What was compiled lately, for all models: a second model of the same topology (another seed, another fold, another try)
// places what the first has compiled. What is kept has no addresses and no weights.
import { compile, type CompiledFunction, type CompileOptions } from '../graph/compile.ts';
import type { Attributes, GraphFunction } from '../graph/graph.ts';

export interface Compiled {
  readonly compiled: CompiledFunction;
  /** The states that must be stored before it is placed: their names, shapes and initial values. */
  readonly states: readonly Attributes[];
}

/** How many are kept, and the bytes of constants beyond which one is not. */
const limit = 64;
const largest = 1 << 20;

const known = new Map<string, Compiled>();

/** Compiles a function, unless the same was compiled under this identity before. */
export function compiledFunction(
  identity: string | undefined,
  make: () => GraphFunction,
  options: CompileOptions,
): Compiled {
  if (identity === undefined) return compileNow(make, options);
  const key = `${identity} ${JSON.stringify(options)}`;
  const found = known.get(key) ?? compileNow(make, options);
  // The one used last stands last.
  known.delete(key);
  if (isSmall(found)) known.set(key, found);
  if (known.size > limit) known.delete(known.keys().next().value!);
  return found;
}

function compileNow(make: () => GraphFunction, options: CompileOptions): Compiled {
  const source = make();
  const states = source.nodes
    .filter(({ operation, attributes }) => operation === 'storage' && attributes['initial'] !== undefined)
    .map(({ attributes }) => attributes);
  return { compiled: compile(source, options), states };
}

const isSmall = ({ compiled }: Compiled): boolean =>
  compiled.constants.reduce((sum, { bytes }) => sum + bytes, 0) <= largest;
