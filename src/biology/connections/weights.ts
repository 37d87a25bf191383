// The weights of a connection in memory: one that all synapses share, one for each synapse, or a matrix of whole rows.
import type { PerNeuron } from '../arrays.ts';
import { Distribution, draw, resolve, type NumberParameter, type Parameter } from '../parameters.ts';
import type { SimulationParts } from '../simulation.ts';
import type { Dimension } from '../units.ts';

export type WeightParameter = Parameter<Dimension> | NumberParameter;

/** Whether one weight is meant for all synapses. */
export const isShared = (weight: WeightParameter): boolean =>
  typeof weight === 'number' || (typeof weight === 'object' && 'value' in weight);

/** Where weights are, and how they are read and written whole. */
export interface Weights {
  readonly address: number;
  readonly shared: boolean;
  /** Where the weight of a synapse is, counted in numbers. */
  place(synapse: number): number;
  read(): Float64Array<ArrayBuffer>;
  write(values: PerNeuron): void;
}

/** What weights are placed for. */
export interface WeightsOf {
  readonly parts: SimulationParts;
  readonly dimension: Dimension | 'number';
  readonly synapses: number;
}

/** Refuses weights of another kind, and conductances below 0. */
function numbers({ parts, dimension, synapses }: WeightsOf, weight: unknown): PerNeuron {
  const values = resolve(parts, weight, dimension, synapses, 'connect: weight');
  const least = typeof values === 'number' ? values : values.reduce((a, b) => Math.min(a, b), Infinity);
  if (dimension === 'conductance' && least < 0)
    throw new RangeError(`connect: weight: expected no conductance below 0, got ${least} nS`);
  return values;
}

/** One weight for all. */
export function sharedWeight(of: WeightsOf, weight: WeightParameter): Weights {
  const { arrays } = of.parts;
  const address = arrays.allocate(1, 'weights');
  arrays.write(address, 1, numbers(of, weight));
  const read = () => new Float64Array(of.synapses).fill(arrays.read(address, 1)[0]!);
  return { address, shared: true, place: () => 0, read, write: (values) => arrays.write(address, 1, values) };
}

/** One weight for each synapse. */
export function listedWeights(of: WeightsOf, weight: WeightParameter): Weights {
  const { parts, dimension, synapses } = of;
  const { arrays } = parts;
  const address = arrays.allocate(Math.max(1, synapses), 'weights');
  if (weight instanceof Distribution && weight.dimension === dimension && dimension !== 'conductance')
    draw(parts, weight, address, synapses);
  else arrays.write(address, synapses, numbers(of, weight));
  const write = (values: PerNeuron) => arrays.write(address, synapses, values);
  const place = (synapse: number) => synapse;
  return { address, shared: false, place, read: () => arrays.read(address, synapses), write };
}

/** A matrix, its rows padded to whole vectors. */
export function matrixWeights(of: WeightsOf, weight: WeightParameter, rows: number, columns: number): Weights {
  const { arrays } = of.parts;
  const stride = arrays.paddedBytes(columns);
  const address = arrays.instance.memory.allocate(stride * rows, 'weights');
  const write = (values: PerNeuron) => {
    for (let i = 0; i < rows; i++)
      arrays.write(
        address + i * stride,
        columns,
        typeof values === 'number' ? values : values.subarray(i * columns, (i + 1) * columns),
      );
  };
  write(numbers(of, weight));
  const read = () => {
    const all = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) all.set(arrays.read(address + i * stride, columns), i * columns);
    return all;
  };
  const inRow = stride / arrays.bytes;
  const place = (synapse: number) => Math.floor(synapse / columns) * inRow + (synapse % columns);
  return { address, shared: false, place, read, write };
}
