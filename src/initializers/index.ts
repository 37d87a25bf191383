// The initialisers as functions with named parameters.
import { resolveInitializer, type Initializer } from './initializer.ts';

export { initializerNames, resolveInitializer } from './initializer.ts';
export type { Initializer, InitializerLike, InitializerSpec } from './initializer.ts';

type Options = Readonly<Record<string, number>>;
const make =
  <O extends Options>(type: string) =>
  (options?: Partial<O>): Initializer =>
    resolveInitializer({ type, ...(options as Options) });

/** All 0. */
export const zeros = make<{}>('zeros');
/** All 1. */
export const ones = make<{}>('ones');
/** All the same value. */
export const constant = (value: number): Initializer => resolveInitializer({ type: 'constant', value });
/** Uniform in [minimum, maximum); ±0.05 by default. */
export const uniform = make<{ minimum: number; maximum: number }>('uniform');
/** Normal; mean 0 and deviation 0.05 by default. */
export const normal = make<{ mean: number; deviation: number }>('normal');
/** Normal, cut at two deviations from the mean. */
export const truncatedNormal = make<{ mean: number; deviation: number }>('truncatedNormal');
/** Uniform of variance 2 / (fanIn + fanOut) (Glorot & Bengio 2010). */
export const glorotUniform = make<{}>('glorotUniform');
/** Truncated normal of variance 2 / (fanIn + fanOut). */
export const glorotNormal = make<{}>('glorotNormal');
/** Uniform of variance 2 / fanIn (He et al. 2015). */
export const heUniform = make<{}>('heUniform');
/** Truncated normal of variance 2 / fanIn. */
export const heNormal = make<{}>('heNormal');
/** Uniform of variance 1 / fanIn (LeCun et al. 1998). */
export const lecunUniform = make<{}>('lecunUniform');
/** Truncated normal of variance 1 / fanIn. */
export const lecunNormal = make<{}>('lecunNormal');
/** Orthonormal rows or columns, times gain (Saxe et al. 2014). */
export const orthogonal = make<{ gain: number }>('orthogonal');
/** Ones on the diagonal, times gain. */
export const identity = make<{ gain: number }>('identity');
