// Unbranched pieces of a neuron, and the whole of them: a tree. A piece is a row of truncated cones.
// Lengths and diameters in µm, areas in µm².
import { NeuriteError } from '../../core/errors.ts';

/** A morphology that is no tree of cables, or a file that holds none. */
export class MorphologyError extends NeuriteError {
  override name = 'MorphologyError';
}

/** A point along a section: how far it is from the section's beginning, and how thick the section is there. */
export interface SectionPoint {
  readonly x: number;
  readonly diameter: number;
}

/** An unbranched piece of a neuron. */
export interface Section {
  readonly name: string;
  /** The number of the section that it begins at, which stands before it; −1 for the first. */
  readonly parent: number;
  /** Where on the parent, from 0 to 1. */
  readonly position: number;
  /** At least two, x ascending from 0. */
  readonly points: readonly SectionPoint[];
  /** How many compartments it is to have; undefined: as the model decides. */
  readonly compartments: number | undefined;
}

/** A tree of sections, made by `morphology` or `readSwc`. */
export class Morphology {
  readonly sections: readonly Section[];

  /** @internal */
  constructor(sections: readonly Section[]) {
    this.sections = sections;
  }

  /** The length of all its cables together, in µm. */
  get length(): number {
    return this.sections.reduce((sum, section) => sum + lengthOf(section), 0);
  }

  /** The area of its membrane without end faces, in µm². */
  get area(): number {
    return this.sections.reduce((sum, section) => sum + areaBetween(section, 0, lengthOf(section)), 0);
  }
}

export const lengthOf = ({ points }: Section): number => points.at(-1)!.x;

/** Calls `visit` with each piece of a truncated cone between two distances from the section's beginning. */
function pieces(
  { points }: Section,
  from: number,
  to: number,
  visit: (length: number, first: number, last: number) => void,
): void {
  for (let k = 1; k < points.length; k++) {
    const [a, b] = [points[k - 1]!, points[k]!];
    const [start, end] = [Math.max(a.x, from), Math.min(b.x, to)];
    if (end <= start) continue;
    const diameterAt = (x: number) => a.diameter + ((b.diameter - a.diameter) * (x - a.x)) / (b.x - a.x);
    visit(end - start, diameterAt(start), diameterAt(end));
  }
}

/** The membrane between two distances: the sides of truncated cones. */
export function areaBetween(section: Section, from: number, to: number): number {
  let area = 0;
  pieces(section, from, to, (length, a, b) => (area += (Math.PI * (a + b) * Math.hypot(length, (b - a) / 2)) / 2));
  return area;
}

/** ∫ 4 / (π d²) dx between two distances, in 1/µm: times the axial resistivity it is a resistance. */
export function resistanceBetween(section: Section, from: number, to: number): number {
  let sum = 0;
  pieces(section, from, to, (length, a, b) => (sum += (4 * length) / (Math.PI * a * b)));
  return sum;
}

/** ∫ dx / √d of the section, from which its electrotonic length follows. */
export function electrotonicIntegral(section: Section): number {
  let sum = 0;
  // of a cone, ∫ dx / √d = 2 L / (√a + √b)
  pieces(section, 0, lengthOf(section), (length, a, b) => (sum += (2 * length) / (Math.sqrt(a) + Math.sqrt(b))));
  return sum;
}
