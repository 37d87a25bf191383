// Loads the biological module (assembly/neuron): compiled once, an instance with its own memory for each simulation.
// There is one build that everybody runs, plain SIMD: a simulation gives the same bits on every engine.
import { instantiateSync } from '@assemblyscript/loader';
import { decodeModule } from '../core/core.ts';
import { chooseVariant } from '../core/features.ts';
import { fromEngine, Memory, pageSize } from '../core/memory.ts';

type NeuronVariant = 'simd' | 'debug';

/** What assembly/neuron/index.ts exports. */
interface NeuronExports extends Record<string, unknown> {
  run(program: number): number;
  heapBase(): number;
}

const modules = new Map<NeuronVariant, Promise<WebAssembly.Module>>();

async function embeddedBytes(variant: NeuronVariant): Promise<string> {
  if (variant === 'debug') return (await import('../core/generated/neuron-debug.ts')).default;
  return (await import('../core/generated/neuron-simd.ts')).default;
}

/** The debug build where the environment asks for it, the plain one else. */
function chosenVariant(): NeuronVariant {
  chooseVariant({ deterministic: true });
  const asked = typeof process === 'object' ? process.env?.['NEURITE_VARIANT'] : undefined;
  return asked === 'debug' ? 'debug' : 'simd';
}

/**
 * Compiles the biological module, once.
 * @throws UnsupportedEngineError when the engine has no SIMD
 */
export async function loadNeuronModule(variant = chosenVariant()): Promise<WebAssembly.Module> {
  let module = modules.get(variant);
  if (!module) {
    module = embeddedBytes(variant).then((text) => WebAssembly.compile(decodeModule(text)));
    modules.set(variant, module);
  }
  return module;
}

/** An instance of the biological module with a memory of its own. */
export class NeuronInstance {
  readonly memory: Memory;
  /** Runs the program at an address; returns the address of the instruction that stopped it. */
  readonly run: (program: number) => number;

  constructor(module: WebAssembly.Module, bytes = 0) {
    const initial = Math.max(1, Math.ceil(bytes / pageSize));
    const memory = fromEngine(bytes, 'simulation', () => new WebAssembly.Memory({ initial }));
    const { exports } = instantiateSync<NeuronExports>(module, { env: { memory } });
    this.run = (program) => exports.run(program) >>> 0;
    this.memory = new Memory(memory, exports.heapBase());
  }
}
