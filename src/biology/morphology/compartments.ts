// A morphology cut into compartments, and the tree of nodes that the core solves: the middles of compartments, and the
// points where three or more cables meet, which have no membrane.
import type { Location } from './locations.ts';
import {
  areaBetween,
  electrotonicIntegral,
  lengthOf,
  resistanceBetween,
  type Morphology,
  type Section,
} from './section.ts';

/** A piece of a section whose membrane has one potential. */
export interface Compartment {
  /** The name of its middle as a place: `dendrite(0.25)`. */
  readonly name: string;
  readonly section: string;
  /** Where its middle is on its section, from 0 to 1. */
  readonly position: number;
  /** The path from the soma to its middle, in µm. */
  readonly distance: number;
  /** In µm. */
  readonly length: number;
  /** Of the cylinder with the same length and area, in µm. */
  readonly diameter: number;
  /** Of its membrane, in µm². */
  readonly area: number;
}

/** The numbers of the d-lambda rule, by section. */
export interface SectionElectricity {
  /** In GΩ µm and pF/µm². */
  readonly axialResistivity: number;
  readonly capacitance: number;
}

/**
 * How many compartments a section needs so that none is longer than `dLambda` length constants at a frequency (1/ms), an
 * odd number: λ_f = ½ √(d / (π f R_a C)).
 * source: Hines, Carnevale, NEURON: a tool for neuroscientists, Neuroscientist 7, 2001
 */
export function dLambdaCount(
  section: Section,
  electricity: SectionElectricity,
  dLambda: number,
  frequency: number,
): number {
  const { axialResistivity, capacitance } = electricity;
  const constants = 2 * electrotonicIntegral(section) * Math.sqrt(Math.PI * frequency * axialResistivity * capacitance);
  return 2 * Math.floor((constants / dLambda + 0.9) / 2) + 1;
}

/** What is needed of each section. */
export interface Cut extends SectionElectricity {
  readonly compartments: number;
}

/** Nodes of the tree in the order of the core: parents before children. */
export interface NodeTree {
  readonly nodes: number;
  /** The parent of each node; of the root itself. */
  readonly parents: Uint32Array<ArrayBuffer>;
  /** In nS, between a node and its parent. */
  readonly axial: Float64Array<ArrayBuffer>;
  /** The node of each compartment. */
  readonly nodeOf: Uint32Array<ArrayBuffer>;
}

/** Where the compartments of each section begin in the list of all. */
export function firstCompartments(cuts: readonly Cut[]): number[] {
  let sum = 0;
  return cuts.map(({ compartments }) => (sum += compartments) - compartments);
}

/** The compartment that a place is in. */
export function compartmentAt(cuts: readonly Cut[], { section, position }: Location): number {
  const { compartments } = cuts[section]!;
  return firstCompartments(cuts)[section]! + Math.min(compartments - 1, Math.floor(position * compartments));
}

/** Sections' compartments, in the order of sections. */
export function compartmentsOf(
  { sections }: Morphology,
  cuts: readonly Cut[],
  distanceTo: (location: Location) => number,
): Compartment[] {
  return sections.flatMap((section, s) => {
    const { compartments } = cuts[s]!;
    const length = lengthOf(section) / compartments;
    return Array.from({ length: compartments }, (_, k) => {
      const position = (k + 0.5) / compartments;
      const area = areaBetween(section, k * length, (k + 1) * length);
      return {
        name: `${section.name}(${position})`,
        section: section.name,
        position,
        distance: distanceTo({ section: s, position }),
        length,
        diameter: area / (Math.PI * length),
        area,
      };
    });
  });
}

/** An edge between two points, with its resistance in GΩ. */
interface Edge {
  readonly to: number;
  readonly resistance: number;
}

/** Compartments and the points where sections begin and end, joined by resistances. */
class Network {
  readonly edges: Edge[][] = [];

  add(): number {
    return this.edges.push([]) - 1;
  }

  join(a: number, b: number, resistance: number): void {
    this.edges[a]!.push({ to: b, resistance });
    this.edges[b]!.push({ to: a, resistance });
  }

  /** Takes a point away that joins two others, or hangs on one. */
  remove(point: number): void {
    const [a, b] = this.edges[point]!;
    this.edges[point] = [];
    for (const end of [a, b]) if (end) this.edges[end.to] = this.edges[end.to]!.filter(({ to }) => to !== point);
    if (a && b) this.join(a.to, b.to, a.resistance + b.resistance);
  }
}

/** The network of a morphology: points 0 … of compartments, then the ends of sections where three or more meet. */
function networkOf({ sections }: Morphology, cuts: readonly Cut[]): Network {
  const network = new Network();
  const total = cuts.reduce((sum, { compartments }) => sum + compartments, 0);
  for (let k = 0; k < total; k++) network.add();
  const firsts = firstCompartments(cuts);
  const starts: number[] = [];
  const ends: number[] = [];
  sections.forEach((section, s) => {
    const { compartments, axialResistivity } = cuts[s]!;
    const { parent, position } = section;
    if (parent < 0) starts.push(network.add());
    else if (position === 1) starts.push(ends[parent]!);
    else if (position === 0) starts.push(starts[parent]!);
    else starts.push(compartmentAt(cuts, { section: parent, position }));
    ends.push(network.add());
    const length = lengthOf(section) / compartments;
    const between = (from: number, to: number) =>
      axialResistivity * resistanceBetween(section, from * length, to * length);
    network.join(starts[s]!, firsts[s]!, between(0, 0.5));
    for (let k = 1; k < compartments; k++) network.join(firsts[s]! + k - 1, firsts[s]! + k, between(k - 0.5, k + 0.5));
    network.join(firsts[s]! + compartments - 1, ends[s]!, between(compartments - 0.5, compartments));
  });
  for (let point = total; point < network.edges.length; point++)
    if (network.edges[point]!.length < 3) network.remove(point);
  return network;
}

/** The points in the order of their distance from one, with the point that each was reached from. */
function breadthFirst({ edges }: Network, root: number): { order: number[]; from: Map<number, Edge> } {
  const order = [root];
  const from = new Map<number, Edge>([[root, { to: root, resistance: Infinity }]]);
  for (let k = 0; k < order.length; k++)
    for (const { to, resistance } of edges[order[k]!]!)
      if (!from.has(to)) {
        from.set(to, { to: order[k]!, resistance });
        order.push(to);
      }
  return { order, from };
}

/** The middle of the longest path: from there the branches are eliminated side by side, their divisions overlapping. */
function centre(network: Network): number {
  const one = breadthFirst(network, 0).order.at(-1)!;
  const { order, from } = breadthFirst(network, one);
  const path = [order.at(-1)!];
  while (path.at(-1) !== one) path.push(from.get(path.at(-1)!)!.to);
  return path[path.length >> 1]!;
}

/** The tree that the core solves. */
export function nodeTree(morphology: Morphology, cuts: readonly Cut[]): NodeTree {
  const network = networkOf(morphology, cuts);
  const { order, from } = breadthFirst(network, centre(network));
  const numbers = new Map(order.map((point, node) => [point, node]));
  const total = cuts.reduce((sum, { compartments }) => sum + compartments, 0);
  return {
    nodes: order.length,
    parents: Uint32Array.from(order, (point) => numbers.get(from.get(point)!.to)!),
    axial: Float64Array.from(order, (point) => 1 / from.get(point)!.resistance),
    nodeOf: Uint32Array.from({ length: total }, (_, k) => numbers.get(k)!),
  };
}
