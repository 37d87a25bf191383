// What this engine can run, found by validating a few bytes: no user-agent strings, no trial runs.
import { UnsupportedEngineError } from './errors.ts';

/** The builds of the core: plain SIMD, relaxed SIMD (fused multiply-add), and plain with assertions on. */
export type Variant = 'simd' | 'relaxed' | 'debug';

const header = [0, 97, 115, 109, 1, 0, 0, 0];
// (func (result v128) i32.const 0, i8x16.splat)
const simdProbe = [...header, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
// (func (result v128) three zero vectors, f32x4.relaxed_madd)
// prettier-ignore
export const relaxedProbe = [
  ...header, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0,
  65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11,
];

const validates = (bytes: number[]) => WebAssembly.validate(new Uint8Array(bytes));

/** Whether this engine has fixed-width SIMD, and the relaxed instructions beside it. */
export function engineFeatures(): Features {
  return (known ??= findFeatures());
}

interface Features {
  readonly webAssembly: boolean;
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
}

/** An engine does not change while it runs, and every model asks. */
let known: Features | undefined;

function findFeatures(): Features {
  const webAssembly = typeof WebAssembly === 'object';
  return {
    webAssembly,
    simd: webAssembly && validates(simdProbe),
    relaxedSimd: webAssembly && validates(relaxedProbe),
  };
}

/** How a core is chosen. */
export interface CoreOptions {
  /** This build and no other; by default the fastest that the engine runs. */
  variant?: Variant | undefined;
  /** The same bits on every machine and engine: the plain build. */
  deterministic?: boolean | undefined;
}

/**
 * The variant to load.
 * @throws UnsupportedEngineError naming the feature that the engine lacks
 * @throws RangeError for an unknown variant, or one that contradicts `deterministic`
 */
export function chooseVariant(options: CoreOptions = {}, features = engineFeatures()): Variant {
  const { deterministic = false, variant } = options;
  if (!features.webAssembly)
    throw new UnsupportedEngineError('neurite needs WebAssembly, which this engine does not have');
  if (!features.simd)
    throw new UnsupportedEngineError(
      'neurite needs WebAssembly with fixed-width SIMD (v128), which this engine does not have',
    );
  if (variant !== undefined && variant !== 'simd' && variant !== 'relaxed' && variant !== 'debug')
    throw new RangeError(`core: unknown variant "${String(variant)}"; known: simd, relaxed, debug`);
  if (deterministic && variant === 'relaxed')
    throw new RangeError('core: deterministic: true needs the plain variant, got variant "relaxed"');
  if (variant === 'relaxed' && !features.relaxedSimd)
    throw new UnsupportedEngineError(
      'core: variant "relaxed" needs relaxed SIMD, which this engine does not have (Node 20 wants --experimental-wasm-relaxed-simd)',
    );
  if (variant) return variant;
  return features.relaxedSimd && !deterministic ? 'relaxed' : 'simd';
}
