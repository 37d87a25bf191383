// Schedules in the memory of a simulation: scalars, temporaries, the words of elementary steps, and the instruction.
import { Elementary } from '../../core/generated/neuron-instructions.ts';
import type { Arrays } from '../arrays.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { Node } from './graph.ts';
import { placeNumber, type Operand, type PlannedStep, type Schedule } from './schedule.ts';

/** What the steps of all neurons need beside the schedules. */
export interface StepPlaces {
  readonly arrays: Arrays;
  readonly size: number;
  readonly clock: number;
  /** In ms. */
  readonly dt: number;
  readonly spikes: number;
  /** 0: no neuron is ever refractory. */
  readonly until: number;
  readonly refractory: { readonly parameters: number; readonly step: number };
}

/** The bytes of the nearest cache that a block of neurons may take. */
const cacheBytes = 24 * 1024;
/** Words of an elementary step. */
const stepWords = 6;

/** Of the numbers that are the same for all neurons, a vector each. */
class Scalars {
  readonly addresses = new Map<Node, number>();
  readonly operations: Node[] = [];
  time = 0;
  spiking = 0;
  private readonly arrays: Arrays;

  constructor(arrays: Arrays, nodes: readonly Node[]) {
    this.arrays = arrays;
    const all = [...new Set(nodes)];
    const base = arrays.instance.memory.allocate(16 * (all.length + 1), 'scalars');
    this.spiking = base + 16 * all.length;
    all.forEach((node, k) => this.put(node, base + 16 * k));
  }

  private put(node: Node, address: number): void {
    this.addresses.set(node, node.operation === 'Spiking' ? this.spiking : address);
    if (node.operation === 'Constant') this.arrays.write(address, 16 / this.arrays.bytes, node.value);
    else if (node.operation === 'Time') this.time = address;
    else if (node.operation !== 'Spiking') this.operations.push(node);
  }

  /** Their own steps. */
  get steps(): PlannedStep[] {
    return this.operations.map((node) => ({
      operation: node.operation as PlannedStep['operation'],
      out: { place: 'scalar', node },
      inputs: node.inputs.map((input) => ({ place: 'scalar', node: input })),
    }));
  }
}

/** The bytes of a block: as many neurons as the nearest cache holds, in sixteens (random numbers come in those). */
export function blockBytes(streams: number, bytesOfNumber: number): number {
  const sixteen = 16 * bytesOfNumber;
  const fitting = Math.floor(cacheBytes / Math.max(streams, 1) / sixteen) * sixteen;
  return Math.min(Math.max(fitting, 2 * sixteen), 64 * sixteen);
}

/** How many different blocks of memory a schedule goes through. */
function streamsOf({ steps, temporaries }: Schedule): number {
  const arrays = steps.flatMap(({ out, inputs }) => [out, ...inputs]);
  return temporaries + new Set(arrays.map((each) => (each.place === 'array' ? each.address : 0))).size;
}

/** The instruction of an update and, where `update.kept` is a condition, of what happens where it holds. */
export function equationsInstruction(
  places: StepPlaces,
  update: Schedule,
  reset: Schedule | undefined,
): NeuronInstruction {
  const { arrays, size, clock } = places;
  const { memory } = arrays.instance;
  const bytes = blockBytes(streamsOf(update), arrays.bytes);
  const scalars = new Scalars(arrays, [...update.scalars, ...(reset?.scalars ?? [])]);
  const temporaries = memory.allocate(
    Math.max(16, update.temporaries * Math.min(bytes, arrays.paddedBytes(size)) + 16 * (reset?.temporaries ?? 0)),
    'temporary values',
  );
  const blockSize = Math.min(bytes, arrays.paddedBytes(size));
  const inUpdate = (index: number) => temporaries + index * blockSize;
  const inReset = (index: number) => temporaries + update.temporaries * blockSize + 16 * index;
  const write = (steps: readonly PlannedStep[], temporary: (index: number) => number) =>
    writeSteps(arrays, steps, scalars, temporary);
  const timeStep = memory.allocate(8, 'time');
  memory.doubles(timeStep, 1)[0] = places.dt;
  return instruction('Equations', {
    wide: arrays.wide,
    n: size,
    clock,
    spikes: places.spikes,
    block: bytes,
    time: scalars.time,
    timeStep,
    scalars: write(scalars.steps, inUpdate),
    scalarCount: scalars.steps.length,
    steps: write(update.steps, inUpdate),
    stepCount: update.steps.length,
    condition: update.kept ? addressOf(update.kept, scalars, inUpdate) : 0,
    until: places.until,
    refractory: places.refractory.parameters,
    refractoryStep: places.refractory.step,
    reset: write(reset?.steps ?? [], inReset),
    resetCount: reset?.steps.length ?? 0,
    mask: scalars.spiking,
  });
}

function addressOf(operand: Operand, scalars: Scalars, temporary: (index: number) => number): number {
  switch (operand.place) {
    case 'temporary':
      return temporary(operand.index);
    case 'array':
      return operand.address;
    case 'scalar':
      return scalars.addresses.get(operand.node)!;
    default:
      return operand.value;
  }
}

/** The words of steps; where they begin. */
function writeSteps(
  arrays: Arrays,
  steps: readonly PlannedStep[],
  scalars: Scalars,
  temporary: (index: number) => number,
): number {
  const words = steps.flatMap(({ operation, out, inputs }) => {
    const operands = [out, ...inputs];
    const places = operands.reduce((bits, { place }, k) => bits | (placeNumber[place] << (2 * k)), 0);
    const addresses = operands.map((operand) => addressOf(operand, scalars, temporary));
    return [Elementary[operation], places, ...addresses, 0, 0, 0].slice(0, stepWords);
  });
  return arrays.integers(words.length ? words : [0], 'steps');
}
