// A model computed step by step: each call gives it the next steps of a sequence, and attention remembers the keys and
// values of the earlier ones (in states of its own), so that a step costs what a step costs.
// What does not depend on the steps (an encoder, and whatever else the steps attend to) is computed once a sequence.
// Shapes: B sequences at once, T next steps, L steps in all.
import { NeuriteError, ShapeError } from '../core/errors.ts';
import { checkFinite, isTensor, tensor, type Tensor, type TensorValues } from '../data/tensor.ts';
import { formatShape, sameShape, sizeOf, type GraphFunction, type Node } from '../graph/graph.ts';
import { input } from '../graph/operations/index.ts';
import { expectInteger, layerDefinition } from '../layers/layer.ts';
import { guardError } from './guards.ts';
import { toIntegers, type TensorLike } from './inputs.ts';
import type { Model } from './model.ts';
import { outputName, trace, type TracePart } from './trace.ts';
import type { Topology } from './topology.ts';

export interface DecoderOptions {
  /** How many steps a sequence may have. */
  readonly length: number;
  /** How many sequences are computed at once; 1 by default. */
  readonly batchSize?: number;
  /** The name of the input whose steps are given one after another; by default the last one. */
  readonly input?: string;
}

const positionsName = 'decode:positions';
const wholeName = (tensor: number): string => `decode:whole${tensor}`;

/** Which tensors and calls depend on the steps, and which tensors these read that do not. */
interface Split {
  readonly stepInput: number;
  readonly stepCalls: ReadonlySet<number>;
  readonly wholeCalls: ReadonlySet<number>;
  /** Tensors that are known ahead of the steps and that a step reads. */
  readonly whole: readonly number[];
}

function splitTopology(topology: Topology, stepInput: number): Split {
  const { inputs, calls, outputs, names, layers } = topology;
  const stepped = new Set([stepInput]);
  const [stepCalls, wholeCalls] = [new Set<number>(), new Set<number>()];
  const read = new Set<number>();
  calls.forEach((call, i) => {
    if (!call.inputs.some((source) => stepped.has(source))) return void wholeCalls.add(i);
    const { type } = layers[call.layer]!;
    if (!layerDefinition(type).stepwise)
      throw new NeuriteError(`decoder: layer "${names[call.layer]}" (${type}) cannot be computed step by step`);
    stepped.add(inputs.length + i);
    stepCalls.add(i);
    call.inputs.filter((source) => !stepped.has(source)).forEach((source) => read.add(source));
  });
  for (const output of outputs)
    if (!stepped.has(output)) throw new NeuriteError('decoder: an output does not depend on the steps');
  return { stepInput, stepCalls, wholeCalls, whole: [...read] };
}

let decoders = 0;

export class Decoder {
  /** How many steps a sequence may have. */
  readonly length: number;
  readonly batchSize: number;
  private readonly model: Model;
  private readonly split: Split;
  private readonly name = `decoder${decoders++}`;
  /** What steps read that was computed ahead of them. */
  private whole: ReadonlyMap<number, Tensor['data']> | null = null;
  private done = 0;

  /** @internal */
  constructor(model: Model, { length, batchSize = 1, input: name }: DecoderOptions) {
    this.length = expectInteger('decoder: length', length, 1);
    this.batchSize = expectInteger('decoder: batchSize', batchSize, 1);
    const { inputs } = model.topology;
    const stepInput = name === undefined ? inputs.length - 1 : inputs.findIndex((each) => each.name === name);
    if (stepInput === -1)
      throw new RangeError(`decoder: no input "${name}"; there are: ${inputs.map((each) => each.name).join(', ')}`);
    if (inputs[stepInput]!.shape.length === 0)
      throw new ShapeError(`decoder: expected an input of steps, got ${formatShape(inputs[stepInput]!.shape)}`);
    this.model = model;
    this.split = splitTopology(model.topology, stepInput);
    // What cannot be computed step by step is refused here.
    this.stepFunction(1);
  }

  /** How many steps of the sequences were given. */
  get position(): number {
    return this.done;
  }

  /**
   * Begins new sequences. A model with other inputs beside that of the steps is given these here, each [B, …].
   * @throws TypeError or ShapeError where they do not fit; then the old sequences go on
   */
  start(...others: readonly TensorLike[]): void {
    const { split, model } = this;
    const { inputs } = model.topology;
    const names = inputs.map((_, i) => i).filter((i) => i !== split.stepInput);
    if (others.length !== names.length)
      throw new TypeError(`decoder.start: expected ${names.length} inputs, got ${others.length}`);
    const read = others.map((values, i) =>
      this.readInput(names[i]!, values, inputs[names[i]!]!.shape, 'decoder.start'),
    );
    const known = new Map(names.map((number, i) => [number, read[i]!]));
    this.whole = split.whole.length ? this.computeWhole(known) : new Map();
    this.done = 0;
  }

  /**
   * The outputs of the next steps, [B, T, …], of values [B, T, …] (for one sequence also [T, …]).
   * @throws ShapeError for another shape, RangeError for more steps than `length`, or an index out of range, with its
   *   position; then nothing has changed
   */
  next(values: TensorLike): Tensor {
    return this.nextAll(values)[0]!;
  }

  /** As `next`, of every output. */
  nextAll(values: TensorLike): Tensor[] {
    const { model, split, batchSize, length, done } = this;
    if (!this.whole && model.topology.inputs.length === 1) this.start();
    if (!this.whole) throw new NeuriteError('decoder.next: start has to be given the other inputs first');
    const { data, steps } = this.readSteps(values);
    if (done + steps > length)
      throw new RangeError(`decoder.next: ${done} of ${length} steps are done, and ${steps} more were given`);
    const program = model.programs.get(`${this.name} ${steps}`, () => this.stepFunction(steps));
    const { executable } = program;
    const write = (name: string, from: ArrayLike<number>) => {
      if (executable.compiled.inputs.has(name)) executable.input(name).set(from);
    };
    write(model.topology.inputs[split.stepInput]!.name, data);
    write(
      positionsName,
      Int32Array.from({ length: batchSize * steps }, (_, i) => done + (i % steps)),
    );
    for (const [number, whole] of this.whole) write(wholeName(number), whole);
    if (!model.programs.run(program)) throw guardError(executable, batchSize, (row) => row, 'decoder.next');
    this.done += steps;
    return model.topology.outputs.map((_, i) => {
      const name = outputName(i);
      return {
        data: executable.output(name).slice() as Float32Array,
        shape: executable.compiled.outputs.get(name)!.shape,
      };
    });
  }

  private readSteps(values: TensorLike): { data: Tensor['data']; steps: number } {
    const { shape: sample } = this.model.topology.inputs[this.split.stepInput]!;
    const rest = sample.slice(1);
    const perStep = this.batchSize * sizeOf(rest);
    const { data, shape } = this.readInput(this.split.stepInput, values, null, 'decoder.next');
    const steps = data.length / perStep;
    const fits =
      sameShape(shape, [this.batchSize, steps, ...rest]) ||
      (this.batchSize === 1 && sameShape(shape, [steps, ...rest]));
    if (!fits || steps === 0)
      throw new ShapeError(
        `decoder.next: expected [${[this.batchSize, 'steps', ...rest].join(', ')}], got ${formatShape(shape)}`,
      );
    return { data, steps };
  }

  private readInput(number: number, values: TensorLike, sample: readonly number[] | null, what: string): Tensor {
    const { dtype, name } = this.model.topology.inputs[number]!;
    const where = `${what}: "${name}"`;
    const plain = () => (isTensor(values) ? values : tensor(values as TensorValues));
    const { data, shape } = dtype === 'i32' ? toIntegers(values, where) : plain();
    const expected = sample && [this.batchSize, ...sample];
    if (expected && !sameShape(shape, expected) && !(this.batchSize === 1 && sameShape(shape, sample)))
      throw new ShapeError(`${where}: expected ${formatShape(expected)}, got ${formatShape(shape)}`);
    if (dtype === 'f32') checkFinite({ data, shape }, where);
    return { data, shape };
  }

  /** Runs what does not depend on the steps. */
  private computeWhole(inputs: ReadonlyMap<number, Tensor>): ReadonlyMap<number, Tensor['data']> {
    const { model, split, batchSize } = this;
    const program = model.programs.get(`${this.name} whole`, () => this.wholeFunction());
    const { executable } = program;
    for (const [number, { data }] of inputs) {
      const { name } = model.topology.inputs[number]!;
      if (executable.compiled.inputs.has(name)) executable.input(name).set(data);
    }
    if (!model.programs.run(program)) throw guardError(executable, batchSize, (row) => row, 'decoder.start');
    return new Map(split.whole.map((number) => [number, executable.output(wholeName(number)).slice()]));
  }

  private wholeFunction(): GraphFunction {
    const { model, split, batchSize } = this;
    const { topology } = model;
    const part: TracePart = {
      given: (graph) =>
        new Map(
          topology.inputs
            .map(({ name, shape, dtype }, i) => [i, input(graph, name, [batchSize, ...shape], dtype)] as const)
            .filter(([i]) => i !== split.stepInput),
        ),
      calls: split.wholeCalls,
      decode: () => null,
    };
    const { graph, tensors } = trace(topology, batchSize, false, part);
    const outputs = Object.fromEntries(split.whole.map((number) => [wholeName(number), tensors.get(number)!]));
    return { nodes: graph.nodes, outputs, effects: [] };
  }

  private stepFunction(steps: number): GraphFunction {
    const { model, split, batchSize, length, name } = this;
    const { topology } = model;
    const effects: Node[] = [];
    const shapes = trace(topology, batchSize, false).tensors;
    const step = topology.inputs[split.stepInput]!;
    const part: TracePart = {
      given(graph) {
        const whole = split.whole.map((number) => {
          const { shape, dtype } = shapes.get(number)!;
          return [number, input(graph, wholeName(number), shape, dtype)] as const;
        });
        const next = input(graph, step.name, [batchSize, steps, ...step.shape.slice(1)], step.dtype);
        return new Map([...whole, [split.stepInput, next]]);
      },
      calls: split.stepCalls,
      decode: (graph, given) => ({
        name,
        positions: input(graph, positionsName, [batchSize, steps], 'i32'),
        length,
        isWhole: (node) => split.whole.some((number) => given.get(number) === node),
        effect: (node) => void effects.push(node),
      }),
    };
    const { graph, outputs } = trace(topology, batchSize, false, part);
    const named = Object.fromEntries(outputs.map((node, i) => [outputName(i), node]));
    return { nodes: graph.nodes, outputs: named, effects };
  }
}

/**
 * Computes a causal model step by step, as text is generated: `next` gives it the next steps and returns their outputs,
 * which are those that `predict` gives for the whole sequence. The layers between the steps and the outputs must look at
 * one step alone (dense, normalisation, dropout, embedding, positions) or be causal attention; a decoder's memory is given to `start`.
 * @example
 * const decode = decoder(model, { length: 64 });
 * let scores = decode.next([[4, 8, 15]]);   // [1, 3, vocabulary]
 * scores = decode.next([[16]]);             // [1, 1, vocabulary]
 * @throws NeuriteError for a layer that cannot be computed step by step, ShapeError for attention that is not causal
 */
export const decoder = (model: Model, options: DecoderOptions): Decoder => new Decoder(model, options);
