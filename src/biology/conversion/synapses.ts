// The layers of an artificial network as lists of synapses: which unit of the layer before acts on which one of this, and
// with what weight. A unit is a place of the sample, row-major, channels last.
// Shapes: kernels [..., in / groups, out], samples [...sizes, channels].
import type { Shape } from '../../graph/graph.ts';
import { threeAxes, type AxisWindow, type Window } from '../../graph/operations/window.ts';

/** Synapses in the order of their sources. */
export interface Synapses {
  readonly sources: Uint32Array;
  readonly targets: Uint32Array;
  readonly weights: Float64Array;
  /** Whether every source has every target, in order. */
  readonly isFull: boolean;
}

/** Collects synapses in any order. */
class List {
  private readonly sources: number[] = [];
  private readonly targets: number[] = [];
  private readonly weights: number[] = [];

  add(source: number, target: number, weight: number): void {
    this.sources.push(source);
    this.targets.push(target);
    this.weights.push(weight);
  }

  sorted(): Synapses {
    const { sources, targets, weights } = this;
    const order = Uint32Array.from(sources.keys()).toSorted((a, b) => sources[a]! - sources[b]! || a - b);
    return {
      sources: order.map((k) => sources[k]!),
      targets: order.map((k) => targets[k]!),
      weights: Float64Array.from(order, (k) => weights[k]!),
      isFull: false,
    };
  }
}

/** kernel [N, M] for each of `rows` rows of the sample. */
export function denseSynapses(kernel: ArrayLike<number>, features: number, units: number, rows: number): Synapses {
  const count = rows * features * units;
  const row = (k: number) => Math.floor(k / (features * units));
  return {
    sources: Uint32Array.from({ length: count }, (_, k) => Math.floor(k / units)),
    targets: Uint32Array.from({ length: count }, (_, k) => row(k) * units + (k % units)),
    weights: Float64Array.from({ length: count }, (_, k) => kernel[k % (features * units)]!),
    isFull: rows === 1,
  };
}

/** A convolution over one to three axes; a depthwise one has as many groups as channels. */
export function convolutionSynapses(
  kernel: ArrayLike<number>,
  { kernelSize, stride, dilation, before, input, output }: Window,
  { channels, filters, groups }: { channels: number; filters: number; groups: number },
): Synapses {
  const list = new List();
  const sizes = threeAxes(input, 1);
  const [steps, gaps, starts] = [threeAxes(stride, 1), threeAxes(dilation, 1), threeAxes(before, 0)];
  const [inGroup, ofGroup] = [channels / groups, filters / groups];
  const extents = threeAxes(kernelSize, 1);
  places(threeAxes(output, 1)).forEach((to, target) => {
    places(extents).forEach((tap, k) => {
      const from = to.map((place, axis) => place * steps[axis]! + tap[axis]! * gaps[axis]! - starts[axis]!);
      if (from.some((place, axis) => place < 0 || place >= sizes[axis]!)) return;
      const source = position(from, sizes) * channels;
      for (let c = 0; c < inGroup; c++)
        for (let f = 0; f < filters; f++) {
          const channel = Math.floor(f / ofGroup) * inGroup + c;
          list.add(source + channel, target * filters + f, kernel[(k * inGroup + c) * filters + f]!);
        }
    });
  });
  return list.sorted();
}

/** What is in one window of a pooling, and what its average divides by. */
export interface PooledUnit {
  readonly sources: readonly number[];
  readonly count: number;
}

/** The windows of a pooling, unit by unit of its result. */
export function pooledUnits(sizes: Shape, channels: number, windows: readonly (readonly AxisWindow[])[]): PooledUnit[] {
  const whole = [{ begin: 0, end: 1, count: 1 }];
  const [a, b, c] = [...Array.from({ length: 3 - windows.length }, () => whole), ...windows] as AxisWindow[][];
  const axes = threeAxes(sizes, 1);
  const units: PooledUnit[] = [];
  for (const first of a!)
    for (const second of b!)
      for (const third of c!) {
        const within = [first, second, third];
        const inside = places(within.map(({ begin, end }) => end - begin)).map((place) =>
          position(
            place.map((at, axis) => within[axis]!.begin + at),
            axes,
          ),
        );
        const count = first.count * second.count * third.count;
        for (let channel = 0; channel < channels; channel++)
          units.push({ sources: inside.map((place) => place * channels + channel), count });
      }
  return units;
}

/** The average of each window. */
export function averageSynapses(units: readonly PooledUnit[]): Synapses {
  const list = new List();
  units.forEach(({ sources, count }, target) => sources.forEach((source) => list.add(source, target, 1 / count)));
  return list.sorted();
}

/**
 * The maximum of each window by neurons that add and rectify, for sources that are never below 0:
 * max(x₁ … xₖ) = x₁ + d₂ + … + dₖ with dⱼ = relu(xⱼ − x₁ − d₂ − … − dⱼ₋₁).
 */
export interface MaximumSynapses {
  /** The number of differences d. */
  readonly differences: number;
  readonly toDifferences: Synapses;
  readonly amongDifferences: Synapses;
  /** x₁ to the result. */
  readonly toResult: Synapses;
  readonly differencesToResult: Synapses;
}

export function maximumSynapses(units: readonly PooledUnit[]): MaximumSynapses {
  const [into, among, direct, out] = [new List(), new List(), new List(), new List()];
  let differences = 0;
  units.forEach(({ sources }, target) => {
    const [first, ...others] = sources;
    const start = differences;
    direct.add(first!, target, 1);
    for (const source of others) {
      into.add(source, differences, 1);
      into.add(first!, differences, -1);
      for (let before = start; before < differences; before++) among.add(before, differences, -1);
      out.add(differences, target, 1);
      differences++;
    }
  });
  return {
    differences,
    toDifferences: into.sorted(),
    amongDifferences: among.sorted(),
    toResult: direct.sorted(),
    differencesToResult: out.sorted(),
  };
}

/** All places of some axes, row-major. */
function places(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((place) => Array.from({ length: size }, (_, at) => [...place, at])),
    [[]],
  );
}

const position = (place: readonly number[], sizes: readonly number[]): number =>
  place.reduce((at, here, axis) => at * sizes[axis]! + here, 0);
