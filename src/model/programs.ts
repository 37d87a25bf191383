// The compiled programs of a model: made on first use, kept for the next, the one used longest ago given up when
// there are too many. A program that depends on the weights alone in part computes that part again after they change.
import type { CoreInstance } from '../core/core.ts';
import type { CompileOptions } from '../graph/compile.ts';
import { Executable } from '../graph/executable.ts';
import type { Attributes, DType, GraphFunction, Shape } from '../graph/graph.ts';
import { compiledFunction } from './compiled.ts';
import { topologyIdentity } from './identity.ts';
import type { Storage } from './storage.ts';
import type { Topology } from './topology.ts';
import { outputName } from './trace.ts';

/** The memory of a program's inputs and outputs, in the order of the topology. */
interface Ports {
  readonly generation: number;
  readonly inputs: readonly (Float32Array | Int32Array)[];
  readonly outputs: readonly Float32Array[];
}

/** A compiled function of a model. */
export interface Program {
  readonly executable: Executable;
  /** The version of the weights that its prologue has seen. */
  weights: number;
  /** When it was last used, by the cache's own count. */
  used: number;
  ports: Ports | null;
}

export interface ProgramOptions extends CompileOptions {
  /** What tells the program from others of the topology: models that share both share what is compiled. */
  readonly shared?: string | undefined;
}

/** How many are kept. */
const limit = 12;

export class Programs {
  private readonly instance: CoreInstance;
  private readonly storage: Storage;
  private topology: Topology;
  private readonly known = new Map<string, Program>();
  private readonly pinned = new Set<Program>();
  private clock = 0;
  /** Counts the changes of the weights. */
  private weightsVersion = 1;

  constructor(instance: CoreInstance, storage: Storage, topology: Topology) {
    this.instance = instance;
    this.storage = storage;
    this.topology = topology;
  }

  /** Takes another topology; programs that it makes another of are to be forgotten. */
  redraw(topology: Topology): void {
    this.topology = topology;
  }

  /** The program under this key, compiled now if it is not known. */
  get(key: string, make: () => GraphFunction, options: ProgramOptions = {}): Program {
    let program = this.known.get(key);
    if (!program) {
      program = { executable: this.compile(make, options), weights: 0, used: 0, ports: null };
      this.known.set(key, program);
      this.evict(program);
    }
    program.used = ++this.clock;
    return program;
  }

  /** Compiles a function into the model's memory, outside the cache. */
  place(source: GraphFunction, options: CompileOptions = {}): Executable {
    return this.compile(() => source, options);
  }

  private compile(make: () => GraphFunction, { shared, ...options }: ProgramOptions): Executable {
    const identity = shared === undefined ? undefined : `${shared} ${topologyIdentity(this.topology)}`;
    const { compiled, states } = compiledFunction(identity, make, options);
    for (const attributes of states) this.defineState(attributes);
    return new Executable(this.instance, compiled, this.storage.address);
  }

  private defineState({ name, shape, dtype, initial }: Attributes): void {
    this.storage.define(name as string, shape as Shape, dtype as DType, initial as number);
  }

  /** Keeps a program whose memory somebody looks at, until it is unpinned. */
  pin(program: Program): void {
    this.pinned.add(program);
  }

  unpin(program: Program): void {
    this.pinned.delete(program);
  }

  /** Counts how often the memory grew: views of another count are dead. */
  get generation(): number {
    return this.instance.memory.generation;
  }

  /** Runs a program, its prologue before it where the weights have changed. False when a guard stopped it. */
  run(program: Program): boolean {
    if (program.weights !== this.weightsVersion) {
      if (program.weights === 0 || program.executable.preparesWeights) program.executable.prepare();
      program.weights = this.weightsVersion;
    }
    return program.executable.run();
  }

  /** To be called after anything wrote to a parameter. */
  weightsChanged(): void {
    this.weightsVersion++;
  }

  /** The views of a prediction's inputs and outputs, derived anew after the memory has grown. */
  ports(program: Program): Ports {
    const { generation } = this.instance.memory;
    if (program.ports?.generation === generation) return program.ports;
    const { executable } = program;
    const { inputs, outputs } = this.topology;
    program.ports = {
      generation,
      inputs: inputs.map(({ name }) => executable.input(name)),
      outputs: outputs.map((_, i) => executable.output(outputName(i)) as Float32Array),
    };
    return program.ports;
  }

  /** Drops the programs whose key begins so. */
  forget(prefix: string): void {
    for (const [key, program] of this.known) if (key.startsWith(prefix)) this.drop(key, program);
  }

  private evict(newest: Program): void {
    for (;;) {
      const candidates = [...this.known].filter(([, program]) => program !== newest && !this.pinned.has(program));
      if (candidates.length < limit) return;
      const [key, program] = candidates.reduce((oldest, next) => (next[1].used < oldest[1].used ? next : oldest));
      this.drop(key, program);
    }
  }

  private drop(key: string, { executable }: Program): void {
    this.known.delete(key);
    executable.release();
  }
}
