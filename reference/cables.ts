// Steps of trees of cable, gap junctions and motor units in plain float64, as the kernels of assembly/neuron take them.

/** A tree: parents come before their children, the root is node 0; all numbers are of nodes. */
export interface Tree {
  readonly parents: readonly number[];
  /** The conductance to the parent. */
  readonly axial: readonly number[];
  /** Capacity, leak and axial conductances: what does not change. */
  readonly constant: readonly number[];
  /** Capacitance over the step. */
  readonly capacity: readonly number[];
  /** The leak's current at 0 mV. */
  readonly leak: readonly number[];
}

/** The solution x of a x = b, by elimination with pivots. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, r) => [...row, b[r]!]);
  const n = rows.length;
  for (let c = 0; c < n; c++) {
    const below = rows.slice(c).map((row) => Math.abs(row[c]!));
    const pivot = c + below.indexOf(Math.max(...below));
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    for (let r = c + 1; r < n; r++) {
      const factor = rows[r]![c]! / rows[c]![c]!;
      rows[r] = rows[r]!.map((x, k) => x - factor * rows[c]![k]!);
    }
  }
  const x = Array.from({ length: n }, () => 0);
  for (let r = n - 1; r >= 0; r--) {
    const known = rows[r]!.slice(r + 1, n).reduce((sum, value, k) => sum + value * x[r + 1 + k]!, 0);
    x[r] = (rows[r]![n]! - known) / rows[r]![r]!;
  }
  return x;
}

/** The potentials of a tree after an implicit step, from the whole matrix. */
export function treeStep(
  { parents, axial, constant, capacity, leak }: Tree,
  v: readonly number[],
  conductance: readonly number[],
  inward: readonly number[],
): number[] {
  const matrix = v.map((_, r) =>
    v.map((_unused, c) => {
      if (r === c) return constant[r]! + conductance[r]!;
      if (r > 0 && parents[r] === c) return -axial[r]!;
      return c > 0 && parents[c] === r ? -axial[c]! : 0;
    }),
  );
  return solve(
    matrix,
    v.map((x, node) => capacity[node]! * x + leak[node]! + inward[node]!),
  );
}

/** By how much a twitch is larger that comes x⁻¹ contraction times after another. */
export const twitchGain = (x: number): number =>
  x < 0.4 ? 1 : (1 - Math.exp(-2 * x ** 3)) / x / ((1 - Math.exp(-2 * 0.4 ** 3)) / 0.4);

/** Force and its source y of a motor unit after a step of dt, `amount` having been added to y. */
export function motorUnitStep(force: number, y: number, amount: number, dt: number, decay: number): [number, number] {
  return [(force + (y + amount) * dt) * decay, (y + amount) * decay];
}
