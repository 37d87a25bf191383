// Loads the core: one compiled module for each variant, and instances of it, each with its own memory.
import { instantiateSync } from '@assemblyscript/loader';
import { NeuriteError } from './errors.ts';
import { chooseVariant, type CoreOptions, type Variant } from './features.ts';
import { fromEngine, Memory, pageSize } from './memory.ts';
import { contains, type Pack } from './packs.ts';

/** The compiled core, ready to be instantiated any number of times. */
export interface Core {
  readonly variant: Variant;
  readonly module: WebAssembly.Module;
  /** How much of the instruction set it has: a model loads what its topology needs. */
  readonly pack: Pack;
}

/** What assembly/index.ts exports. */
interface CoreExports extends Record<string, unknown> {
  run(program: number): number;
  heapBase(): number;
}

const cores = new Map<Variant, Map<Pack, Promise<Core>>>();

/** The bytes of a whole module from a file beside the library; undefined where there is none. */
export type CoreReader = (variant: Variant) => Uint8Array<ArrayBuffer> | undefined;

let readCoreFile: CoreReader = () => undefined;

/**
 * On Node, src/node installs the files of dist/ here: reading and compiling one takes 1.5 ms, the embedded bytes cost 7
 * (docs/adr/0011-start-up.md).
 */
export function installCoreFiles(read: CoreReader): void {
  readCoreFile = read;
}

type Embedded = () => Promise<{ readonly default: string }>;

/** The embedded bytes; each module is a chunk of its own, fetched only when it is the one in use. */
const embedded: Readonly<Record<'simd' | 'relaxed', Readonly<Record<Pack, Embedded>>>> = {
  simd: {
    densePredict: () => import('./generated/simd-densePredict.ts'),
    dense: () => import('./generated/simd-dense.ts'),
    predict: () => import('./generated/simd-predict.ts'),
    full: () => import('./generated/simd-full.ts'),
  },
  relaxed: {
    densePredict: () => import('./generated/relaxed-densePredict.ts'),
    dense: () => import('./generated/relaxed-dense.ts'),
    predict: () => import('./generated/relaxed-predict.ts'),
    full: () => import('./generated/relaxed-full.ts'),
  },
};

/** The bytes of a module. The debug build is not cut: it is for tests. */
export async function coreBytes(variant: Variant, pack: Pack = 'full'): Promise<Uint8Array<ArrayBuffer>> {
  const load: Embedded = variant === 'debug' ? () => import('./generated/debug.ts') : embedded[variant][pack];
  return decodeModule((await load()).default);
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
 * Compiles the core once for each variant; with a pack, the part of it that a model needs, which is asked for only where
 * the whole is not at hand.
 * @throws UnsupportedEngineError when the engine has no SIMD, or not the variant asked for
 */
export function loadCore(options: CoreOptions = {}, pack: Pack | (() => Pack) = 'full'): Promise<Core> {
  const fromEnvironment = options.variant || options.deterministic ? undefined : environmentVariant();
  let variant: Variant;
  try {
    variant = chooseVariant({ ...options, variant: options.variant ?? fromEnvironment });
  } catch (error) {
    return Promise.reject(error);
  }
  const known = cores.get(variant) ?? new Map<Pack, Promise<Core>>();
  cores.set(variant, known);
  const whole = known.get('full') ?? wholeFromFile(variant);
  if (whole) return remember(known, 'full', whole);
  const wanted = typeof pack === 'function' ? pack() : pack;
  // What was loaded before may hold everything that is asked for.
  const loaded = [...known.keys()].find((other) => contains(other, wanted));
  return loaded ? known.get(loaded)! : remember(known, wanted, compileEmbedded(variant, wanted));
}

function remember(known: Map<Pack, Promise<Core>>, pack: Pack, core: Promise<Core>): Promise<Core> {
  known.set(pack, core);
  return core;
}

function wholeFromFile(variant: Variant): Promise<Core> | undefined {
  const bytes = readCoreFile(variant);
  return bytes && compileWhole(variant, bytes);
}

/** At once: an engine compiles a function when it is first called, and a thread would only be waited for. */
async function compileWhole(variant: Variant, bytes: BufferSource): Promise<Core> {
  return { variant, module: new WebAssembly.Module(bytes), pack: 'full' };
}

async function compileEmbedded(variant: Variant, pack: Pack): Promise<Core> {
  const module = await WebAssembly.compile(await coreBytes(variant, pack));
  return { variant, module, pack: variant === 'debug' ? 'full' : pack };
}

/** An instance of the core with a memory of its own. */
export class CoreInstance {
  readonly variant: Variant;
  readonly pack: Pack;
  readonly memory: Memory;
  /** Runs the program at an address; returns the address of the instruction that stopped it. */
  readonly run: (program: number) => number;

  /** @param bytes how much memory the instance begins with; it grows when more is allocated */
  constructor(core: Core, bytes = 0) {
    this.variant = core.variant;
    this.pack = core.pack;
    const initial = Math.max(1, Math.ceil(bytes / pageSize));
    const memory = fromEngine(bytes, 'core', () => new WebAssembly.Memory({ initial }));
    const { exports } = instantiateSync<CoreExports>(core.module, { env: { memory } });
    this.run = exports.run;
    this.memory = new Memory(memory, exports.heapBase());
  }
}
