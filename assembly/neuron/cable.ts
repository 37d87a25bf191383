// Trees of cable: at every node C v' = −g_L (v − E_L) − Σ g (v − E) + I + Σ g_axial (v_neighbour − v), one implicit step,
// solved by elimination from the tips to the root and back (Hines, Int. J. Biomed. Comput. 15, 1984).
// Layout: of one tree the nodes are beside each other (a row is one number, vectors go over nodes); of many equal trees a
// row holds a node of all of them (vectors go over trees). Parents come before their children.
import { Cable } from './instructions';
import { Clock } from './clock';
import { THRESHOLD, spikeAlone, spikeAndReset } from './membrane';
import { emptySlot, isRefractory } from './spikes';
import { multiplyAdd, one, take, vectorBytes } from './vectors';

/** Bytes of each row that are eliminated together: their divisions overlap, and the rows stay in the first cache. */
const BLOCK: usize = 128;

/** One tree: diagonal = constant + conductance, right = capacity v + leak + inward, a vector of nodes a turn. */
@inline
function assembleNodes<T>(i: Cable): void {
  const bytes = vectorBytes<T>(i.nodes);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(i.diagonal + at, v128.add<T>(v128.load(i.constant + at), take(i.conductance + at)));
    const right = multiplyAdd<T>(v128.load(i.capacity + at), v128.load(i.tree + at), v128.load(i.leak + at));
    v128.store(i.right + at, v128.add<T>(right, take(i.inward + at)));
  }
}

/** diagonal[node] becomes its coupling to the parent's potential, right[node] the potential, node by node. */
@inline
function solveNodes<T>(i: Cable): void {
  const last = usize(i.nodes - 1) * sizeof<T>();
  let parents = i.parents + 4 * usize(i.nodes - 1);
  for (let node = last; node > 0; node -= sizeof<T>(), parents -= 4) {
    const parent = usize(load<u32>(parents));
    const axial = load<T>(i.axial + node);
    const inverse = <T>1 / load<T>(i.diagonal + node);
    const coupling = axial * inverse;
    const right = load<T>(i.right + node);
    store<T>(i.diagonal + node, coupling);
    store<T>(i.right + node, right * inverse);
    store<T>(i.diagonal + parent, load<T>(i.diagonal + parent) - coupling * axial);
    store<T>(i.right + parent, load<T>(i.right + parent) + coupling * right);
  }
  store<T>(i.right, load<T>(i.right) / load<T>(i.diagonal));
  for (let node: usize = sizeof<T>(); node <= last; node += sizeof<T>()) {
    parents += 4;
    const above = load<T>(i.right + usize(load<u32>(parents)));
    store<T>(i.right + node, load<T>(i.right + node) + load<T>(i.diagonal + node) * above);
  }
}

/** Many trees: the same, for bytes begin to end of every row. */
@inline
function assembleRows<T>(i: Cable, begin: usize, end: usize): void {
  let row: usize = 0;
  for (let node: usize = 0; node < i.nodes; node++, row += i.row) {
    const constant = v128.load_splat<T>(i.constant + node * sizeof<T>());
    const capacity = v128.load_splat<T>(i.capacity + node * sizeof<T>());
    const leak = v128.load_splat<T>(i.leak + node * sizeof<T>());
    for (let at = row + begin; at < row + end; at += 16) {
      v128.store(i.diagonal + at, v128.add<T>(constant, take(i.conductance + at)));
      const right = multiplyAdd<T>(capacity, v128.load(i.tree + at), leak);
      v128.store(i.right + at, v128.add<T>(right, take(i.inward + at)));
    }
  }
}

@inline
function solveRows<T>(i: Cable, begin: usize, end: usize): void {
  const rowBytes = usize(i.row);
  for (let node = usize(i.nodes - 1); node > 0; node--) {
    const row = node * rowBytes;
    const up = usize(load<u32>(i.parents + 4 * node)) - row;
    const axial = v128.load_splat<T>(i.axial + node * sizeof<T>());
    for (let at = row + begin; at < row + end; at += 16) {
      const diagonal = i.diagonal + at;
      const right = i.right + at;
      const inverse = v128.div<T>(one<T>(), v128.load(diagonal));
      const coupling = v128.mul<T>(axial, inverse);
      const sum = v128.load(right);
      v128.store(diagonal, coupling);
      v128.store(right, v128.mul<T>(sum, inverse));
      v128.store(diagonal + up, v128.sub<T>(v128.load(diagonal + up), v128.mul<T>(coupling, axial)));
      v128.store(right + up, multiplyAdd<T>(coupling, sum, v128.load(right + up)));
    }
  }
  for (let at = begin; at < end; at += 16) {
    v128.store(i.right + at, v128.div<T>(v128.load(i.right + at), v128.load(i.diagonal + at)));
  }
  for (let node: usize = 1; node < i.nodes; node++) {
    const row = node * rowBytes;
    const up = usize(load<u32>(i.parents + 4 * node)) - row;
    for (let at = row + begin; at < row + end; at += 16) {
      const above = v128.load(i.right + at + up);
      v128.store(i.right + at, multiplyAdd<T>(v128.load(i.diagonal + at), above, v128.load(i.right + at)));
    }
  }
}

/** The potentials that were found take their place; those of the middle of the step are continued to its end. */
@inline
function takePotentials<T>(i: Cable, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(i.right + at);
    if (!i.extrapolate) v128.store(i.tree + at, x);
    else v128.store(i.tree + at, v128.sub<T>(v128.add<T>(x, x), v128.load(i.tree + at)));
  }
}

/** All lanes, or where a row is one number the first alone: the others are of further nodes. */
@inline
function ownLanes<T>(i: Cable): v128 {
  if (usize(i.row) >= 16) return i32x4.splat(-1);
  return sizeof<T>() == 4 ? i32x4(-1, 0, 0, 0) : i64x2(-1, 0);
}

/**
 * Upward crossings of the threshold at the soma, whose potentials before the step are in its row of `diagonal`; with a
 * reset every potential above it.
 */
@inline
function spikes<T>(i: Cable, soma: usize): void {
  const step = changetype<Clock>(i.clock).step;
  const slot = emptySlot(i.spikes, step + 1);
  const threshold = v128.load(i.parameters, THRESHOLD);
  const own = ownLanes<T>(i);
  const bytes = vectorBytes<T>(i.n);
  for (let at: usize = 0; at < bytes; at += 16) {
    let spiking = v128.and(v128.gt<T>(v128.load(i.v + at), threshold), own);
    if (!i.resets) spiking = v128.and(spiking, v128.le<T>(v128.load(i.diagonal + soma + at), threshold));
    if (!v128.any_true(spiking)) continue;
    if (i.until) spiking = v128.andnot(spiking, isRefractory<T>(v128.load(i.until + at), step));
    if (i.resets) spikeAndReset<T>(i, slot, at, i.parameters, step, spiking);
    else spikeAlone<T>(i, slot, at, i.parameters, step, spiking);
  }
}

/**
 * formula: (capacity + g_L + Σ g + Σ g_axial) xᵢ − Σ g_axial x_neighbour = capacity vᵢ + g_L E_L + inward, capacity
 *          C/dt and v = x (implicit Euler), or C/(dt/2) and v = 2 x − v (Crank–Nicolson, `extrapolate`)
 * shapes:  parents[nodes] (byte offsets of rows); axial, constant, capacity, leak [nodes], padded to whole vectors;
 *          tree, conductance, inward, diagonal, right [nodes, row], with one vector more where a row is one number
 * alias:   v is the soma's row of `tree`; conductance and inward are cleared
 * edge:    NaN anywhere reaches every node of its tree
 */
@inline
function cable<T>(pc: usize): void {
  const i = changetype<Cable>(pc);
  const isOne = usize(i.row) < 16;
  if (isOne) {
    assembleNodes<T>(i);
    solveNodes<T>(i);
  } else {
    for (let begin: usize = 0; begin < i.row; begin += BLOCK) {
      const end = min<usize>(begin + BLOCK, i.row);
      assembleRows<T>(i, begin, end);
      solveRows<T>(i, begin, end);
    }
  }
  const soma = i.v - i.tree;
  const bytes = vectorBytes<T>(i.n);
  for (let at: usize = 0; at < bytes; at += 16) v128.store(i.diagonal + soma + at, v128.load(i.v + at));
  takePotentials<T>(i, isOne ? vectorBytes<T>(i.nodes) : usize(i.nodes) * i.row);
  spikes<T>(i, soma);
}

export function execCable(pc: usize): usize {
  if (changetype<Cable>(pc).wide) cable<f64>(pc);
  else cable<f32>(pc);
  return pc + offsetof<Cable>();
}
