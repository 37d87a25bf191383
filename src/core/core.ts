// Loads the core: one compiled module for each variant, and instances of it, each with its own memory.
import { instantiateSync } from '@assemblyscript/loader';
import { NeuriteError } from './errors.ts';
import { chooseVariant, type CoreOptions, type Variant } from './features.ts';
import { fromEngine, Memory, pageSize } from './memory.ts';

/** The compiled core, ready to be instantiated any number of times. */
export interface Core {
  readonly variant: Variant;
  readonly module: WebAssembly.Module;
}

/** What assembly/index.ts exports. */
interface CoreExports extends Record<string, unknown> {
  run(program: number): number;
  heapBase(): number;
}

const cores = new Map<Variant, Promise<Core>>();

/** The embedded bytes of a variant; each is a chunk of its own, fetched only when it is the one in use. */
async function embeddedBytes(variant: Variant): Promise<string> {
  if (variant === 'relaxed') return (await import('./generated/relaxed.ts')).default;
  if (variant === 'debug') return (await import('./generated/debug.ts')).default;
  return (await import('./generated/simd.ts')).default;
}

/** Each character is a byte plus 48 (scripts/build-core.mjs): smaller than base64 once compressed. */
export function decodeModule(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i) - 48;
  if (bytes[0] !== 0 || bytes[1] !== 0x61)
    throw new NeuriteError('core: its embedded bytes were changed on the way; serve the scripts as UTF-8');
  return bytes;
}

/** `NEURITE_VARIANT` of the environment, where there is one: to run a program on another build without touching it. */
const environmentVariant = () =>
  (typeof process === 'object' ? process.env?.['NEURITE_VARIANT'] : undefined) as Variant | undefined;

/**
 * Compiles the core once for each variant.
 * @throws UnsupportedEngineError when the engine has no SIMD, or not the variant asked for
 */
export function loadCore(options: CoreOptions = {}): Promise<Core> {
  const fromEnvironment = options.variant || options.deterministic ? undefined : environmentVariant();
  let variant: Variant;
  try {
    variant = chooseVariant({ ...options, variant: options.variant ?? fromEnvironment });
  } catch (error) {
    return Promise.reject(error);
  }
  let core = cores.get(variant);
  if (!core) {
    core = embeddedBytes(variant)
      .then((text) => WebAssembly.compile(decodeModule(text)))
      .then((module) => ({ variant, module }));
    cores.set(variant, core);
  }
  return core;
}

/** An instance of the core with a memory of its own. */
export class CoreInstance {
  readonly variant: Variant;
  readonly memory: Memory;
  /** Runs the program at an address; returns the address of the instruction that stopped it. */
  readonly run: (program: number) => number;

  /** @param bytes how much memory the instance begins with; it grows when more is allocated */
  constructor(core: Core, bytes = 0) {
    this.variant = core.variant;
    const initial = Math.max(1, Math.ceil(bytes / pageSize));
    const memory = fromEngine(bytes, 'core', () => new WebAssembly.Memory({ initial }));
    const { exports } = instantiateSync<CoreExports>(core.module, { env: { memory } });
    this.run = exports.run;
    this.memory = new Memory(memory, exports.heapBase());
  }
}
