// A morphology from a list of segments, each a cylinder or a truncated cone that begins somewhere on another.
import { positive } from '../checks.ts';
import type { Quantity } from '../units.ts';
import { Morphology, MorphologyError, type Section } from './section.ts';

/** One unbranched cable of a list. */
export interface Segment {
  /** How it is called: unique in the list. */
  name: string;
  /** The name of the segment that it begins on; exactly one segment has none. */
  parent?: string;
  /** Where on the parent it begins, from 0 to 1: by default 1, the end. */
  position?: number;
  length: Quantity<'length'>;
  /** One for a cylinder, or those of its beginning and its end. */
  diameter: Quantity<'length'> | readonly [Quantity<'length'>, Quantity<'length'>];
  /** How many compartments of equal length it is divided into; by default the model decides. */
  compartments?: number;
}

/**
 * A tree of cables from a list of segments, in any order.
 * @throws MorphologyError for a name that comes twice, a missing parent, a cycle, none or several segments without a
 *   parent; RangeError for a length or a diameter that is not above 0, or a position outside 0 to 1
 */
export function morphology(segments: readonly Segment[]): Morphology {
  const byName = new Map<string, Segment>();
  for (const segment of segments) {
    if (byName.has(segment.name)) throw new MorphologyError(`morphology: two segments are called "${segment.name}"`);
    byName.set(segment.name, segment);
  }
  const roots = segments.filter(({ parent }) => parent === undefined);
  for (const { name, parent } of segments)
    if (parent !== undefined && !byName.has(parent))
      throw new MorphologyError(`morphology: the parent "${parent}" of "${name}" is not in the list`);
  if (roots.length > 1)
    throw new MorphologyError(`morphology: expected one segment without a parent, got ${quoted(roots)}`);
  const order = parentsFirst(segments, roots);
  const numbers = new Map(order.map(({ name }, k) => [name, k]));
  return new Morphology(order.map((segment) => sectionOf(segment, numbers)));
}

const quoted = (segments: readonly Segment[]) => segments.map(({ name }) => `"${name}"`).join(', ');

/** Parents before their children, else in the order of the list. @throws MorphologyError for what no root leads to */
function parentsFirst(segments: readonly Segment[], roots: readonly Segment[]): Segment[] {
  const children = new Map<string, Segment[]>();
  for (const segment of segments)
    if (segment.parent !== undefined) children.set(segment.parent, [...(children.get(segment.parent) ?? []), segment]);
  const order = [...roots];
  for (let k = 0; k < order.length; k++) order.push(...(children.get(order[k]!.name) ?? []));
  if (order.length < segments.length || !segments.length) {
    const lost = segments.filter((segment) => !order.includes(segment));
    throw new MorphologyError(
      segments.length
        ? `morphology: the parents of ${quoted(lost)} go round in a circle`
        : 'morphology: expected at least one segment',
    );
  }
  return order;
}

function sectionOf(segment: Segment, numbers: ReadonlyMap<string, number>): Section {
  const { name, parent, position = 1, compartments } = segment;
  const what = `morphology: ${name}`;
  const length = positive(segment.length, 'length', `${what}: length`);
  const { diameter } = segment;
  const [first, last] = Array.isArray(diameter) ? diameter : [diameter, diameter];
  if (!(position >= 0 && position <= 1))
    throw new RangeError(`${what}: expected a position from 0 to 1, got ${position}`);
  if (compartments !== undefined && !(Number.isInteger(compartments) && compartments >= 1))
    throw new RangeError(`${what}: expected a whole number of compartments from 1, got ${compartments}`);
  return {
    name,
    parent: parent === undefined ? -1 : numbers.get(parent)!,
    position,
    compartments,
    points: [
      { x: 0, diameter: positive(first, 'length', `${what}: diameter`) },
      { x: length, diameter: positive(last, 'length', `${what}: diameter`) },
    ],
  };
}
