// How differential equations are stepped. Each method gives, for every variable, the node of its value at t + dt:
//   exact             linear equations, by the propagator e^(A dt)
//   exponentialEuler  x' = A x + B, each with the other variables as they are: x + dt f (e^(A dt) − 1) / (A dt)
//   euler             x + dt f + √dt g z (Euler–Maruyama with noise)
//   heun              the mean of the slopes at both ends of an Euler step (Stratonovich's sense with noise)
//   rungeKutta4       the classical method of fourth order
// source: Stimberg, Brette, Goodman, eLife 8, 2019; Kloeden, Platen, Numerical Solution of SDEs, 1992
import { dependsOn, rewritten, slopeOf, type Graph, type NeuronArray, type Node } from './graph.ts';

export const methods = ['exact', 'exponentialEuler', 'euler', 'heun', 'rungeKutta4'] as const;
export type StepMethod = (typeof methods)[number];

/** A differential equation: x' = slope + Σ gain · xi. */
export interface Differential {
  readonly array: NeuronArray;
  readonly name: string;
  /** The variable at t, with what synapses add for this step. */
  readonly x: Node;
  /** The variable at t, which stays where it rests. */
  readonly old: Node;
  readonly slope: Node;
  /** Standard normal numbers of each noise, and what they are multiplied by. */
  readonly noises: readonly { readonly gain: Node; readonly normal: Node }[];
  /** Whether it rests while the neuron is refractory. */
  readonly unlessRefractory: boolean;
}

export interface System {
  readonly graph: Graph;
  readonly dt: number;
  readonly equations: readonly Differential[];
  /** The mask of refractory neurons; undefined where none ever is. */
  readonly resting: Node | undefined;
  /** Whether an array stays as it is within a run. */
  isFixed(array: NeuronArray): boolean;
  /** A number for each neuron that is computed before the run, of the coefficients of the equations. */
  table(coefficients: readonly Node[], compute: (values: readonly number[]) => number): Node;
}

type Values = readonly Node[];

const isRandom = (x: Node) => x.operation === 'Uniform' || x.operation === 'Normal';

/** The slopes with other values of the variables, at t + `later`. */
function slopesAt({ graph, equations, resting }: System, values: Values, later: number): Values {
  const byNode = new Map(equations.map(({ x }, i) => [x, values[i]!]));
  const time = graph.add(graph.time, graph.constant(later));
  const replace = (node: Node) => (later && node.operation === 'Time' ? time : byNode.get(node));
  return equations.map(({ slope, unlessRefractory }) => {
    const value = rewritten(graph, slope, replace);
    return unlessRefractory && resting ? graph.choose(resting, graph.constant(0), value) : value;
  });
}

const moved = ({ graph }: System, values: Values, slopes: Values, by: number): Values =>
  values.map((x, i) => graph.add(graph.multiply(slopes[i]!, graph.constant(by)), x));

/** Variables that rest keep their values. */
function kept({ graph, equations, resting }: System, values: Values): Values {
  return values.map((value, i) => {
    const { old, unlessRefractory } = equations[i]!;
    return unlessRefractory && resting ? graph.choose(resting, old, value) : value;
  });
}

const present = ({ equations }: System): Values => equations.map(({ x }) => x);

/** √dt Σ g z of each variable; `values` are those that g is taken at. */
function noiseSteps({ graph, equations, dt }: System, values: Values): Values {
  const byNode = new Map(equations.map(({ x }, i) => [x, values[i]!]));
  return equations.map(({ noises }) =>
    noises.reduce((sum, { gain, normal }) => {
      const factor = graph.multiply(
        rewritten(graph, gain, (node) => byNode.get(node)),
        graph.constant(Math.sqrt(dt)),
      );
      return graph.add(graph.multiply(factor, normal), sum);
    }, graph.constant(0)),
  );
}

const added = ({ graph }: System, a: Values, b: Values): Values => a.map((x, i) => graph.add(b[i]!, x));

function euler(system: System): Values {
  const x = present(system);
  const stepped = moved(system, x, slopesAt(unmasked(system), x, 0), system.dt);
  return kept(system, added(system, stepped, noiseSteps(system, x)));
}

/** For methods that keep resting variables at the end anyway. */
const unmasked = (system: System): System => ({ ...system, resting: undefined });

function heun(system: System): Values {
  const { dt } = system;
  const x = present(system);
  const slopes = slopesAt(system, x, 0);
  const noise = noiseSteps(system, x);
  const ahead = kept(system, added(system, moved(system, x, slopes, dt), noise));
  const half = moved(system, moved(system, x, slopes, dt / 2), slopesAt(system, ahead, dt), dt / 2);
  const halves = noiseSteps(system, ahead);
  const { graph } = system;
  const mean = noise.map((z, i) => graph.multiply(graph.add(z, halves[i]!), graph.constant(0.5)));
  return kept(system, added(system, half, mean));
}

function rungeKutta4(system: System): Values {
  const { dt, graph } = system;
  const x = present(system);
  const k1 = slopesAt(system, x, 0);
  const k2 = slopesAt(system, moved(system, x, k1, dt / 2), dt / 2);
  const k3 = slopesAt(system, moved(system, x, k2, dt / 2), dt / 2);
  const k4 = slopesAt(system, moved(system, x, k3, dt), dt);
  const sums = k1.map((k, i) => {
    const middle = graph.add(k2[i]!, k3[i]!);
    return graph.add(graph.add(k, k4[i]!), graph.add(middle, middle));
  });
  return kept(system, moved(system, x, sums, dt / 6));
}

/** How each slope depends on its own variable; undefined where it is not linear in it. */
export const ownSlopes = ({ graph, equations }: System): (Node | undefined)[] =>
  equations.map(({ slope, x }) => slopeOf(graph, slope, x));

function exponentialEuler(system: System): Values | undefined {
  const { graph, dt, equations } = system;
  const own = ownSlopes(system);
  if (own.includes(undefined)) return undefined;
  const stepped = equations.map(({ x, slope }, i) => {
    const growth = graph.unary('RelativeExponential', graph.multiply(own[i]!, graph.constant(dt)));
    return graph.add(graph.multiply(graph.multiply(slope, graph.constant(dt)), growth), x);
  });
  return kept(system, stepped);
}

/** The slopes as matrix · variables + rest, where the matrix does not change within a run; else undefined. */
export function linearForm(system: System): { matrix: Node[][]; rest: Node[] } | undefined {
  const { graph, equations } = system;
  const variables = new Set(present(system));
  const changes = (x: Node) =>
    x.operation === 'Time' ||
    isRandom(x) ||
    x.operation === 'Take' ||
    (x.array !== undefined && !system.isFixed(x.array));
  const matrix: Node[][] = [];
  for (const { slope, noises } of equations) {
    const row = equations.map(({ x }) => slopeOf(graph, slope, x));
    if (noises.length || row.some((entry) => !entry || dependsOn(entry, changes))) return undefined;
    matrix.push(row as Node[]);
  }
  const zero = graph.constant(0);
  const rest = equations.map(({ slope }) =>
    rewritten(graph, slope, (node) => (variables.has(node) ? zero : undefined)),
  );
  const isSteady = rest.every((node) => !dependsOn(node, (x) => x.operation === 'Time' || isRandom(x)));
  return isSteady ? { matrix, rest } : undefined;
}

/** The exact step of linear equations. `propagator` is that of a matrix of numbers. */
function exact(system: System, propagator: (m: number[][], dt: number) => number[][]): Values | undefined {
  const form = linearForm(system);
  if (!form) return undefined;
  const { equations } = system;
  const rests = (i: number) => equations[i]!.unlessRefractory;
  const free = propagated(system, form, () => false, propagator);
  if (!system.resting) return free;
  // where a variable rests, those that depend on it go another way
  const linked = reach(form.matrix);
  const resting = propagated(system, form, rests, propagator);
  return kept(
    system,
    free.map((value, i) => {
      const isPushed = !rests(i) && linked[i]!.some((is, j) => is && rests(j));
      return isPushed ? system.graph.choose(system.resting!, resting[i]!, value) : value;
    }),
  );
}

/** Σ Φ x + Σ Ψ rest, Φ = e^(A dt), Ψ = ∫ e^(A s) ds: both in the exponential of [[A, 1], [0, 0]]. */
function propagated(
  system: System,
  { matrix, rest }: { matrix: Node[][]; rest: Node[] },
  rests: (i: number) => boolean,
  propagator: (m: number[][], dt: number) => number[][],
): Values {
  const { graph, dt, equations } = system;
  const n = equations.length;
  const zero = graph.constant(0);
  const rows = matrix.map((row, i) => (rests(i) ? row.map(() => zero) : row));
  const linked = reach(rows);
  const entries = rows.flat();
  const whole = (values: readonly number[]) => {
    const above = rows.map((_, i) => [
      ...values.slice(i * n, (i + 1) * n),
      ...rows.map((__, j) => (i === j && !rests(i) ? 1 : 0)),
    ]);
    return propagator([...above, ...rows.map(() => Array.from({ length: 2 * n }, () => 0))], dt);
  };
  const entry = memo(whole);
  return equations.map((_, i) => {
    let sum = zero;
    for (const j of equations.keys()) {
      if (!linked[i]![j]) continue;
      const forced = graph.multiply(
        system.table(entries, (values) => entry(values)[i]![n + j]!),
        rest[j]!,
      );
      if (!isZero(rest[j]!)) sum = graph.add(forced, sum);
    }
    // the smallest part first: what the rest gives, then the others, then the variable itself
    for (const j of [...linked.keys()].filter((k) => k !== i && linked[i]![k]).concat(i)) {
      const factor = system.table(entries, (values) => entry(values)[i]![j]!);
      sum = graph.add(graph.multiply(equations[j]!.x, factor), sum);
    }
    return sum;
  });
}

const isZero = (node: Node) => node.operation === 'Constant' && node.value === 0;

/** Which variables act on which, at once or by way of others. */
function reach(rows: readonly (readonly Node[])[]): boolean[][] {
  const linked = rows.map((row, i) => row.map((entry, j) => i === j || !isZero(entry)));
  for (const k of rows.keys())
    for (const i of rows.keys()) for (const j of rows.keys()) if (linked[i]![k] && linked[k]![j]) linked[i]![j] = true;
  return linked;
}

/** Remembers the last result: the entries of one matrix are asked for one after the other. */
function memo<R>(f: (values: readonly number[]) => R): (values: readonly number[]) => R {
  const results = new Map<string, R>();
  return (values) => {
    const key = values.join();
    let result = results.get(key);
    if (result === undefined) {
      result = f(values);
      if (results.size > 10_000) results.clear();
      results.set(key, result);
    }
    return result;
  };
}

/** Whether any noise is multiplied by a variable. */
const isMultiplicative = ({ equations }: System): boolean => {
  const variables = new Set(equations.map(({ x }) => x));
  return equations.some(({ noises }) => noises.some(({ gain }) => dependsOn(gain, (x) => variables.has(x))));
};

/**
 * The values at t + dt by a method; a text why it cannot be, where the equations are not of its kind.
 */
export function stepped(
  system: System,
  method: StepMethod,
  propagator: (m: number[][], dt: number) => number[][],
): Values | string {
  const isNoisy = system.equations.some(({ noises }) => noises.length > 0);
  if (isNoisy && method !== 'euler' && method !== 'heun') return 'equations with noise (xi) take euler or heun';
  switch (method) {
    case 'exact':
      return exact(system, propagator) ?? 'the equations are not linear with coefficients that stay as they are';
    case 'exponentialEuler':
      return exponentialEuler(system) ?? 'not every equation is linear in its own variable';
    case 'euler':
      return isMultiplicative(system) ? 'noise that is multiplied by a variable takes heun' : euler(system);
    case 'heun':
      return heun(system);
    default:
      return rungeKutta4(system);
  }
}

/** The method for equations that name none: exact where it can be, else euler, heun where noise is multiplied. */
export function chosenMethod(system: System): StepMethod {
  if (linearForm(system)) return 'exact';
  return isMultiplicative(system) ? 'heun' : 'euler';
}
