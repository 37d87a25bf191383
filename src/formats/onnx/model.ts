// An opened ONNX model: what it takes and gives, and its programs, one for each set of input shapes.
import { CoreInstance, loadCore } from '../../core/core.ts';
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import type { CoreOptions } from '../../core/features.ts';
import { seedWords } from '../../core/philox.ts';
import { compile, type CompiledFunction } from '../../graph/compile.ts';
import { Executable } from '../../graph/executable.ts';
import { formatShape, type Graph, type Node, type Shape } from '../../graph/graph.ts';
import { input } from '../../graph/operations/index.ts';
import type { NodeBuffer } from '../../graph/lower.ts';
import { Builder, UnknownValueError, type RandomSource, type Value } from './builder.ts';
import { allNodes } from './check.ts';
import type { OnnxFeed, OnnxTensor } from './feed.ts';
import { feedData, outputData } from './feed.ts';
import type { Opened, OnnxValueInfo } from './open.ts';
import { addInitializers, buildNodes, Scope } from './trace.ts';
import { graphType, type DataType, type HostTensor } from './types.ts';

/** A compiled model for one set of shapes; inputs whose values decide shapes are part of it. */
interface Program {
  readonly executable: Executable;
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
  readonly decided: ReadonlyMap<string, ArrayLike<number>>;
}

export interface OnnxModelOptions extends CoreOptions {
  /** Of the random numbers of nodes that have no seed of their own; 0 by default. */
  readonly seed?: number;
}

/** How the names of counters of random numbers begin: as no name in a file can, which is text. */
const counterPrefix = '\0counter ';
const isCounter = (name: string): boolean => name.startsWith(counterPrefix);

/** Programs that are kept; the one used longest ago goes first. */
const limit = 12;

export class OnnxModel {
  /** How errors call the file. */
  readonly source: string;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** The version of the standard operator set. */
  readonly opset: number;
  readonly producer: string;
  private readonly opened: Opened;
  private readonly instance: CoreInstance;
  private readonly addresses = new Map<string, number>();
  private readonly counters: number[] = [];
  private readonly seed: number;
  private programs: { key: string; program: Program }[] = [];

  private constructor(opened: Opened, instance: CoreInstance, seed: number) {
    this.opened = opened;
    this.instance = instance;
    this.seed = seed;
    this.source = opened.what;
    this.inputs = opened.inputs;
    this.outputs = opened.outputs;
    this.opset = opened.opset;
    this.producer = opened.producer;
  }

  static async create(opened: Opened, options: OnnxModelOptions): Promise<OnnxModel> {
    const { seed = 0 } = options;
    seedWords(seed);
    // The part of the core that predicts makes no random numbers.
    const pack = isRandom(opened) ? 'full' : 'predict';
    const model = new OnnxModel(opened, new CoreInstance(await loadCore(options, pack)), seed);
    model.planAhead();
    return model;
  }

  /** Bytes of WebAssembly memory: weights and the programs compiled so far with their activations. */
  get memory(): number {
    return this.instance.memory.bytes;
  }

  /** The build of the core that it runs on. */
  get variant(): string {
    return this.instance.variant;
  }

  /**
   * Computes every output. Integers (booleans too) come as Int32Array, floats as Float32Array.
   * @throws ShapeError for inputs of other shapes than the model takes
   * @throws NeuriteError for inputs that are missing or unknown, and where an index of the data is out of range
   */
  run(feeds: Readonly<Record<string, OnnxFeed>>): Record<string, OnnxTensor> {
    const { tensors, misshapen } = this.checkFeeds(feeds);
    const { executable, outputs } = misshapen ? this.tolerantProgram(tensors, misshapen) : this.programFor(tensors);
    for (const { name } of this.inputs)
      if (executable.compiled.inputs.has(name)) executable.input(name).set(tensors.get(name)!.data);
    this.runOnce(executable);
    return Object.fromEntries(outputs.map(({ name, value }) => [name, outputData(value, executable.output(name))]));
  }

  /**
   * The same for a model of one input, given as it is: its only output, or all by name.
   * @example model.predict({ data: pixels, shape: [1, 3, 224, 224] })
   */
  predict(feed: OnnxFeed): OnnxTensor | Record<string, OnnxTensor> {
    const [first, ...others] = this.inputs;
    if (!first || others.length)
      throw new NeuriteError(`${this.source}: it has ${this.inputs.length} inputs; give them by name to run()`);
    const results = this.run({ [first.name]: feed });
    return this.outputs.length === 1 ? results[this.outputs[0]!.name]! : results;
  }

  /**
   * Compiles for these shapes, symbolic sizes and all, and gives the live memory of inputs and outputs: for loops that
   * copy nothing. What it gives dies when the model compiles for other shapes.
   */
  session(shapes: Readonly<Record<string, Shape>> = {}): OnnxSession {
    const tensors = new Map<string, HostTensor | Shape>();
    for (const { name, shape } of this.inputs) {
      const given = shapes[name] ?? shape.map((size) => (typeof size === 'number' ? size : 1));
      const error = shapeError(this.source, name, given, shape);
      if (error) throw error;
      tensors.set(name, given);
    }
    const { executable } = this.programFor(tensors);
    return {
      input: (name) => executable.input(name),
      output: (name) => executable.output(name),
      run: () => this.runOnce(executable),
    };
  }

  private runOnce(executable: Executable): void {
    this.moveCounters();
    if (!executable.run()) throw new NeuriteError(`${this.source}: an index in the data is out of range`);
  }

  /** A model whose shapes are all known is compiled as it is opened. */
  private planAhead(): void {
    const shapes = new Map<string, Shape>();
    for (const { name, shape } of this.inputs) {
      if (shape.some((size, axis) => typeof size === 'string' && axis > 0)) return;
      shapes.set(
        name,
        shape.map((size) => (typeof size === 'string' ? 1 : size)),
      );
    }
    try {
      this.programFor(shapes);
    } catch (error) {
      if (!(error instanceof UnknownValueError) && !(error instanceof ShapeError)) throw error;
    }
  }

  /** An input of another shape than the model declares is no matter where only its type is read. */
  private tolerantProgram(tensors: ReadonlyMap<string, HostTensor>, misshapen: Misshapen): Program {
    let program: Program;
    try {
      program = this.programFor(tensors);
    } catch {
      throw misshapen.error;
    }
    if (program.executable.compiled.inputs.has(misshapen.name)) throw misshapen.error;
    return program;
  }

  private checkFeeds(feeds: Readonly<Record<string, OnnxFeed>>): {
    tensors: Map<string, HostTensor>;
    misshapen: Misshapen | undefined;
  } {
    const names = new Set(this.inputs.map(({ name }) => name));
    for (const name of Object.keys(feeds))
      if (!names.has(name))
        throw new NeuriteError(
          `${this.source}: no input "${name}"; it takes ${[...names].map((n) => `"${n}"`).join(', ')}`,
        );
    const tensors = new Map<string, HostTensor>();
    let misshapen: Misshapen | undefined;
    for (const { name, shape, type } of this.inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new NeuriteError(`${this.source}: input "${name}" is missing`);
      const tensor = feedData(feed, type, shape, `${this.source}: input "${name}"`);
      const error = shapeError(this.source, name, tensor.shape, shape);
      if (error) misshapen ??= { name, error };
      tensors.set(name, tensor);
    }
    return { tensors, misshapen };
  }

  private programFor(inputs: ReadonlyMap<string, HostTensor | Shape>): Program {
    const key = [...inputs.values()]
      .map((value) => `${isWide(value) ? 'wide ' : ''}${shapeOf(value).join()}`)
      .join(';');
    const known = this.programs.find((entry) => entry.key === key && fits(entry.program, inputs));
    if (known) {
      this.programs = [known, ...this.programs.filter((entry) => entry !== known)];
      return known.program;
    }
    const program = this.compileFor(inputs);
    this.programs.unshift({ key, program });
    for (const { program: old } of this.programs.splice(limit)) old.executable.release();
    return program;
  }

  private compileFor(inputs: ReadonlyMap<string, HostTensor | Shape>): Program {
    const decided = new Map<string, ArrayLike<number>>();
    let streams = 0;
    const build = new Builder({
      evaluate: (graph, node) => this.evaluate(build, graph, node, inputs, decided),
      random: (graph, seed) => this.randomSource(build, graph, seed, streams++),
    });
    const { opened } = this;
    const context = {
      build,
      what: opened.what,
      functions: opened.functions,
      opset: opened.opset,
      external: opened.external,
    };
    const scope = new Scope();
    addInitializers(context, opened.graph, scope, true);
    for (const { name, type } of this.inputs)
      scope.set(name, inputValue(build, name, type, inputs.get(name)!, decided));
    buildNodes(context, opened.nodes, scope);
    const outputs = this.outputs.map(({ name }) => ({ name, value: scope.get(name)! }));
    const nodes = Object.fromEntries(outputs.map(({ name, value }) => [name, build.nodeOf(value)]));
    const compiled = compile({ nodes: build.graph.nodes, outputs: nodes, effects: [] });
    const executable = this.place(build, compiled);
    executable.prepare();
    return { executable, outputs, decided };
  }

  /** A counter of the model's seed or of the node's own, which every run moves on. */
  private randomSource(build: Builder, graph: Graph, seed: number | undefined, stream: number): RandomSource {
    const name = seed === undefined ? counterPrefix : `${counterPrefix}${seed}`;
    const [own] = new Uint32Array(Float32Array.of(seed ?? 0).buffer);
    const key = seed === undefined ? seedWords(this.seed) : [own!, 1];
    build.weights.set(name, { type: 'int32', shape: [4], data: Int32Array.of(key[0]!, key[1]!, 0, 0) });
    const counter = graph.add('storage', [], { name, shape: [4], dtype: 'i32', volatile: true });
    return { counter, stream };
  }

  /** Random numbers are others in each run. */
  private moveCounters(): void {
    for (const address of this.counters) this.instance.memory.integers(address, 4)[2]!++;
  }

  /** Runs the part of the graph that a value needs, with the inputs that it needs. */
  private evaluate(
    build: Builder,
    graph: Graph,
    node: Node,
    inputs: ReadonlyMap<string, HostTensor | Shape>,
    decided: Map<string, ArrayLike<number>>,
  ): ArrayLike<number> | null {
    const compiled = compile({ nodes: [...graph.nodes], outputs: { value: node }, effects: [] });
    if ([...storageNames(compiled)].some(isCounter)) return null;
    const needed = [...compiled.inputs.keys()];
    const values = needed.map((name) => inputs.get(name)!);
    if (values.some((value) => isShape(value))) return null;
    const executable = this.place(build, compiled);
    try {
      executable.prepare();
      needed.forEach((name, i) => {
        const { data } = values[i] as HostTensor;
        decided.set(name, data.slice());
        executable.input(name).set(data);
      });
      if (!executable.run()) throw new NeuriteError('an index is out of range');
      return executable.output('value').slice();
    } finally {
      executable.release();
    }
  }

  /**
   * A program in the model's memory. The weights that it reads take their places first, those that no program has read
   * yet: placing them may make the memory grow, and the program's words must not be written meanwhile.
   */
  private place(build: Builder, compiled: CompiledFunction): Executable {
    for (const name of storageNames(compiled))
      if (!this.addresses.has(name)) this.placeWeight(name, build.weights.get(name)!);
    return new Executable(this.instance, compiled, (name) => this.addresses.get(name)!, this.source);
  }

  private placeWeight(name: string, { type, data }: HostTensor): void {
    const { memory } = this.instance;
    const address = memory.allocate(4 * data.length, `${this.source}: "${name}"`);
    if (graphType(type) === 'f32') memory.floats(address, data.length).set(data);
    else memory.integers(address, data.length).set(data);
    this.addresses.set(name, address);
    if (isCounter(name)) this.counters.push(address);
  }
}

const randomOperators = [
  'Bernoulli',
  'Dropout',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
];

/** Whether anything in it draws random numbers. */
function isRandom({ graph, functions }: Opened): boolean {
  const bodies = [graph.node, ...[...functions.values()].map(({ node }) => node)];
  return bodies.some((nodes) =>
    [...allNodes(nodes)].some(({ opType = '', input = [] }) =>
      // A dropout is random only where it is told that it trains.
      opType === 'Dropout' ? Boolean(input[2]) : randomOperators.includes(opType),
    ),
  );
}

/** The weights that a program reads or gives out. */
function storageNames({ prologue, body, outputs }: CompiledFunction): Set<string> {
  const places = [...prologue, ...body].flatMap(({ operands }) => Object.values(operands));
  const all = [...places, ...[...outputs.values()].map(({ place }) => place)];
  const buffers = all.flatMap((place) => (typeof place === 'object' ? [place.buffer as NodeBuffer] : []));
  return new Set(buffers.flatMap(({ kind, name }) => (kind === 'storage' ? [name!] : [])));
}

/** A program for fixed shapes, its inputs and outputs as live memory. */
export interface OnnxSession {
  input(name: string): Float32Array | Int32Array;
  output(name: string): Float32Array | Int32Array;
  run(): void;
}

/** An input as a node; of float64 that float32 does not hold, as its values, which the host computes with. */
function inputValue(
  build: Builder,
  name: string,
  type: DataType,
  given: HostTensor | Shape,
  decided: Map<string, ArrayLike<number>>,
): Value {
  if (!isWide(given)) return build.fromNode(type, input(build.graph, name, shapeOf(given), graphType(type)));
  decided.set(name, given.data.slice());
  return build.fromHost(given);
}

/** An input that is kept in float64. */
const isWide = (value: HostTensor | Shape): value is HostTensor =>
  !isShape(value) && value.data instanceof Float64Array;

const isShape = (value: HostTensor | Shape): value is Shape => Array.isArray(value);
const shapeOf = (value: HostTensor | Shape): Shape => (isShape(value) ? value : value.shape);

/** Whether the inputs that a program was made for have the same values. */
function fits({ decided }: Program, inputs: ReadonlyMap<string, HostTensor | Shape>): boolean {
  for (const [name, numbers] of decided) {
    const value = inputs.get(name)!;
    if (isShape(value)) return false;
    for (let i = 0; i < numbers.length; i++) if (!Object.is(value.data[i], numbers[i])) return false;
  }
  return true;
}

interface Misshapen {
  readonly name: string;
  readonly error: ShapeError;
}

function shapeError(
  source: string,
  name: string,
  given: Shape,
  expected: readonly (number | string)[],
): ShapeError | undefined {
  const matches =
    given.length === expected.length &&
    expected.every((size, axis) => typeof size === 'string' || size === given[axis]);
  if (matches) return undefined;
  const sizes = expected.map((size) => (typeof size === 'string' ? size || '*' : size));
  return new ShapeError(`${source}: input "${name}" expected [${sizes.join(', ')}], got ${formatShape(given)}`);
}
