// Morphologies from SWC files: a line "number type x y z radius parent" for each node, lengths in µm, the parent −1 for
// the root, # before a comment. Chains of nodes of one type between branchings become sections.
// source: Cannon, Turner, Pyapali, Wheal, J. Neurosci. Methods 84, 1998; neuromorpho.org on somata of one and three nodes
import { Morphology, MorphologyError, type Section, type SectionPoint } from './section.ts';

interface SwcNode {
  readonly id: number;
  readonly type: number;
  readonly at: readonly [x: number, y: number, z: number];
  readonly radius: number;
  readonly parent: number;
  readonly line: number;
}

const typeNames: Record<number, string> = { 1: 'soma', 2: 'axon', 3: 'dendrite', 4: 'apical' };
const nameOfType = (type: number): string => typeNames[type] ?? `type${type}`;

/**
 * Reads the text of an SWC file. The section of the soma is called `soma`; others by their types, `axon[0]`,
 * `dendrite[3]`, `apical[1]`, `type5[0]`, in the order of the file. A soma of one node is a cylinder as long as it is
 * thick. A branch begins at its own first node where its parent is a soma of another type, and else at its parent.
 * @throws MorphologyError, with the number of the node, for a line that is not seven numbers, a radius that is not above
 *   0, a number that comes twice, a missing parent, a cycle, no root or several
 */
export function readSwc(text: string): Morphology {
  const nodes = parse(text);
  const byId = new Map<number, SwcNode>();
  for (const node of nodes) {
    if (byId.has(node.id)) throw new MorphologyError(`readSwc: node ${node.id} comes twice (line ${node.line})`);
    byId.set(node.id, node);
  }
  check(nodes, byId);
  return new Morphology(new Sections(nodes).build());
}

function parse(text: string): SwcNode[] {
  const nodes: SwcNode[] = [];
  text.split(/\r\n|\r|\n/).forEach((whole, k) => {
    const fields = whole.replace(/#.*/, '').trim();
    if (fields) nodes.push(parseLine(fields.split(/[\s,]+/), k + 1));
  });
  if (!nodes.length) throw new MorphologyError('readSwc: expected nodes, got none');
  return nodes;
}

function parseLine(fields: readonly string[], line: number): SwcNode {
  const which = `node ${fields[0]} (line ${line})`;
  if (fields.length < 7)
    throw new MorphologyError(
      `readSwc: ${which}: expected number, type, x, y, z, radius, parent, got ${fields.length} fields`,
    );
  const numbers = fields.slice(0, 7).map(Number);
  numbers.forEach((value, k) => {
    const whole = k < 2 || k === 6;
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value)))
      throw new MorphologyError(`readSwc: ${which}: expected a ${whole ? 'whole ' : ''}number, got "${fields[k]}"`);
  });
  const [id, type, x, y, z, radius, parent] = numbers as [number, number, number, number, number, number, number];
  if (!(radius > 0)) throw new MorphologyError(`readSwc: ${which}: expected a radius above 0, got ${radius}`);
  return { id, type, at: [x, y, z], radius, parent, line };
}

function check(nodes: readonly SwcNode[], byId: ReadonlyMap<number, SwcNode>): void {
  const roots = nodes.filter(({ parent }) => parent < 0);
  if (roots.length > 1) {
    const numbers = roots.map(({ id }) => id).join(', ');
    throw new MorphologyError(`readSwc: expected one root, got the nodes ${numbers}`);
  }
  for (const { id, parent, line } of nodes)
    if (parent >= 0 && !byId.has(parent))
      throw new MorphologyError(`readSwc: the parent ${parent} of node ${id} (line ${line}) is missing`);
  const reached = new Set<number>(roots.map(({ id }) => id));
  for (const node of nodes) follow(node, byId, reached);
}

/** Goes up from a node to one that is known to hang on the root. @throws MorphologyError for a cycle */
function follow(from: SwcNode, byId: ReadonlyMap<number, SwcNode>, reached: Set<number>): void {
  const path = new Set<number>();
  let node = from;
  while (!reached.has(node.id)) {
    if (path.has(node.id)) {
      const circle = [...path].slice([...path].indexOf(node.id));
      throw new MorphologyError(`readSwc: the nodes ${circle.slice(0, 10).join(', ')} are a cycle`);
    }
    path.add(node.id);
    node = byId.get(node.parent)!;
  }
  for (const id of path) reached.add(id);
}

const distance = (a: SwcNode, b: SwcNode): number => Math.hypot(...a.at.map((x, k) => x - b.at[k]!));

/** A node's section and the place in it, from 0 to 1. */
interface Place {
  readonly section: number;
  readonly position: number;
}

/** Notes what branches off a node that is at a place, but for the one that goes on with its section. */
type Branch = (from: SwcNode, place: Place, except: SwcNode | undefined) => void;

/** Cuts the tree of nodes into sections. */
class Sections {
  private readonly sections: Section[] = [];
  private readonly counts = new Map<string, number>();
  private readonly children = new Map<number, SwcNode[]>();
  private readonly root: SwcNode;

  constructor(nodes: readonly SwcNode[]) {
    this.root = nodes.find(({ parent }) => parent < 0)!;
    for (const node of nodes) this.children.set(node.id, []);
    for (const node of nodes) this.children.get(node.parent)?.push(node);
  }

  build(): Section[] {
    const waiting: { node: SwcNode; from: SwcNode; place: Place }[] = [];
    const branch: Branch = (from, place, except) => {
      for (const node of this.children.get(from.id)!) if (node !== except) waiting.push({ node, from, place });
    };
    const { root } = this;
    this.takeSomaOfThree(branch);
    this.chain(root, [{ x: 0, diameter: 2 * root.radius }], { section: -1, position: 1 }, branch);
    for (let k = 0; k < waiting.length; k++) {
      const { node, from, place } = waiting[k]!;
      this.chain(node, this.beginning(node, from), place, branch);
    }
    return this.sections;
  }

  /**
   * A soma as three nodes, the middle and its two ends a radius away with the same radius, is the cylinder that the
   * middle alone is: the ends go, and what hangs on them hangs on it.
   */
  private takeSomaOfThree(branch: Branch): void {
    const { root, children } = this;
    const ends = children.get(root.id)!.filter(({ type }) => type === 1);
    const isEnd = (end: SwcNode) =>
      end.radius === root.radius &&
      Math.abs(distance(end, root) - root.radius) < 0.01 * root.radius &&
      children.get(end.id)!.every(({ type }) => type !== 1);
    if (root.type !== 1 || ends.length !== 2 || !ends.every(isEnd)) return;
    const others = children.get(root.id)!.filter((child) => !ends.includes(child));
    children.set(root.id, others);
    for (const end of ends) branch(end, { section: 0, position: 0.5 }, undefined);
  }

  /** What a section begins with before its first own node: its parent, unless that is a soma. */
  private beginning(node: SwcNode, from: SwcNode): SectionPoint[] {
    if (from.type !== 1 || node.type === 1) {
      const gap = distance(node, from);
      return gap > 0
        ? [
            { x: 0, diameter: 2 * from.radius },
            { x: gap, diameter: 2 * node.radius },
          ]
        : [{ x: 0, diameter: 2 * node.radius }];
    }
    // of one node alone it goes from the surface of the soma to there
    const own = { x: 0, diameter: 2 * node.radius };
    if (this.next(node)) return [own];
    const gap = Math.max(distance(node, from) - from.radius, minimum(own));
    return [own, { ...own, x: gap }];
  }

  /** The node that goes on with a section; along a soma others may branch off. */
  private next({ id, type }: SwcNode): SwcNode | undefined {
    const children = this.children.get(id)!;
    const same = children.filter((child) => child.type === type);
    return same.length === 1 && (type === 1 || children.length === 1) ? same[0] : undefined;
  }

  /** One section from a node on, until it branches, ends, or changes its type. */
  private chain(first: SwcNode, points: SectionPoint[], place: Place, branch: Branch): void {
    const number = this.sections.length;
    const met: { node: SwcNode; x: number; next: SwcNode | undefined }[] = [];
    for (let node: SwcNode | undefined = first; node; node = met.at(-1)!.next) {
      const last = points.at(-1)!;
      const gap = met.length ? distance(node, met.at(-1)!.node) : 0;
      // nodes at one place are one
      if (gap > 0) points.push({ x: last.x + gap, diameter: 2 * node.radius });
      met.push({ node, x: points.at(-1)!.x, next: this.next(node) });
    }
    const isBall = points.length === 1 && first.type === 1;
    if (points.length === 1)
      points.push({ x: isBall ? points[0]!.diameter : minimum(points[0]!), diameter: points[0]!.diameter });
    const name = this.nameFor(first.type);
    this.sections.push({ name, parent: place.section, position: place.position, points, compartments: undefined });
    const length = points.at(-1)!.x;
    for (const { node, x, next } of met) branch(node, { section: number, position: isBall ? 0.5 : x / length }, next);
  }

  private nameFor(type: number): string {
    const name = nameOfType(type);
    const count = this.counts.get(name) ?? 0;
    this.counts.set(name, count + 1);
    return name === 'soma' && count === 0 ? name : `${name}[${count}]`;
  }
}

/** What a section of no length is long. */
const minimum = ({ diameter }: SectionPoint): number => 0.01 * diameter;
