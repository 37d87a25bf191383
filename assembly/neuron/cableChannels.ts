// Sodium and potassium channels at some of the nodes of trees: their gates take a step at the potential as it is, and
// what they then conduct is added to the sums from which the cable's step (cable.ts) begins. The gates are therefore
// half a step ahead of the potentials that they act on: with Crank–Nicolson the whole is of second order.
import { CableChannels, ChannelKind } from './instructions';
import { closeH, closeM, closeN, common, openH, openM, openN } from './channels';
import { lanes, multiplyAdd, relax, vectorBytes } from './vectors';

// The rows of `parameters`.
const SODIUM: usize = 0;
const SODIUM_REVERSAL: usize = 1;
const POTASSIUM: usize = 2;
const POTASSIUM_REVERSAL: usize = 3;
/** dt φ */
const GATE_STEP: usize = 4;
/** What is taken off v for the rates. */
const SHIFT: usize = 5;

let sodium: v128 = i32x4.splat(0);
let potassium: v128 = i32x4.splat(0);
// What a vector of channels conducts, and its current at 0 mV.
let conducted: v128 = i32x4.splat(0);
let inward: v128 = i32x4.splat(0);

@inline
function gate<T>(address: usize, open: v128, close: v128, step: v128): v128 {
  const x = relax<T>(v128.load(address), open, v128.add<T>(open, close), step);
  v128.store(address, x);
  return x;
}

/** The gates at `at` of the channels' own arrays take a step at the potential u. */
@inline
function stepGates<T>(i: CableChannels, kind: u32, u: v128, at: usize, step: v128, na: v128, k: v128): void {
  const shared = common<T>(kind, u);
  const m = gate<T>(i.m + at, openM<T>(kind, u), closeM<T>(kind, u, shared), step);
  const h = gate<T>(i.h + at, openH<T>(kind, u), closeH<T>(kind, u, shared), step);
  const n = gate<T>(i.gateN + at, openN<T>(kind, u), closeN<T>(kind, u), step);
  const square = v128.mul<T>(n, n);
  sodium = v128.mul<T>(v128.mul<T>(na, h), v128.mul<T>(v128.mul<T>(m, m), m));
  potassium = v128.mul<T>(k, v128.mul<T>(square, square));
}

@inline
function sumUp<T>(sodiumReversal: v128, potassiumReversal: v128): void {
  conducted = v128.add<T>(sodium, potassium);
  inward = multiplyAdd<T>(potassium, potassiumReversal, v128.mul<T>(sodium, sodiumReversal));
}

@inline
function row<T>(i: CableChannels, which: usize): usize {
  return i.parameters + which * vectorBytes<T>(i.count);
}

/** Many trees: a row of channels a turn, all with the same parameters. */
@inline
function overTrees<T>(i: CableChannels, kind: u32): void {
  const bytes = usize(i.row);
  for (let r: usize = 0; r < i.count; r++) {
    const node = usize(load<u32>(i.places + 4 * r));
    const at = r * sizeof<T>();
    const na = v128.load_splat<T>(row<T>(i, SODIUM) + at);
    const k = v128.load_splat<T>(row<T>(i, POTASSIUM) + at);
    const sodiumReversal = v128.load_splat<T>(row<T>(i, SODIUM_REVERSAL) + at);
    const potassiumReversal = v128.load_splat<T>(row<T>(i, POTASSIUM_REVERSAL) + at);
    const step = v128.load_splat<T>(row<T>(i, GATE_STEP) + at);
    const shift = v128.load_splat<T>(row<T>(i, SHIFT) + at);
    for (let lane: usize = 0; lane < bytes; lane += 16) {
      const u = v128.sub<T>(v128.load(i.tree + node + lane), shift);
      stepGates<T>(i, kind, u, r * bytes + lane, step, na, k);
      sumUp<T>(sodiumReversal, potassiumReversal);
      const conductance = i.conductance + node + lane;
      const current = i.inward + node + lane;
      v128.store(conductance, v128.add<T>(v128.load(conductance), conducted));
      v128.store(current, v128.add<T>(v128.load(current), inward));
    }
  }
}

/** The number at the place of each lane. */
@inline
function gather<T>(from: usize, places: usize): v128 {
  let x = v128.load_splat<T>(from + usize(load<u32>(places)));
  x = v128.load_lane<T>(from + usize(load<u32>(places, 4)), x, 1);
  if (sizeof<T>() == 4) {
    x = v128.load_lane<T>(from + usize(load<u32>(places, 8)), x, 2);
    x = v128.load_lane<T>(from + usize(load<u32>(places, 12)), x, 3);
  }
  return x;
}

@inline
function addTo<T>(out: usize, place: usize, x: T): void {
  const address = out + usize(load<u32>(place));
  store<T>(address, load<T>(address) + x);
}

/** Adds each lane at its place; two lanes of one vector have different places, or no channels. */
@inline
function scatter<T>(out: usize, places: usize, x: v128): void {
  addTo<T>(out, places, v128.extract_lane<T>(x, 0));
  addTo<T>(out, places + 4, v128.extract_lane<T>(x, 1));
  if (sizeof<T>() == 4) {
    addTo<T>(out, places + 8, v128.extract_lane<T>(x, 2));
    addTo<T>(out, places + 12, v128.extract_lane<T>(x, 3));
  }
}

/** One tree: a vector of nodes a turn, wherever they are. */
@inline
function overNodes<T>(i: CableChannels, kind: u32): void {
  const bytes = vectorBytes<T>(i.count);
  let places = i.places;
  for (let at: usize = 0; at < bytes; at += 16, places += 4 * lanes<T>()) {
    const na = v128.load(row<T>(i, SODIUM) + at);
    const k = v128.load(row<T>(i, POTASSIUM) + at);
    const u = v128.sub<T>(gather<T>(i.tree, places), v128.load(row<T>(i, SHIFT) + at));
    stepGates<T>(i, kind, u, at, v128.load(row<T>(i, GATE_STEP) + at), na, k);
    sumUp<T>(v128.load(row<T>(i, SODIUM_REVERSAL) + at), v128.load(row<T>(i, POTASSIUM_REVERSAL) + at));
    scatter<T>(i.conductance, places, conducted);
    scatter<T>(i.inward, places, inward);
  }
}

/**
 * formula: x' = φ (α_x (1 − x) − β_x x) exactly for v as it is, x of m, h, n; then at the node of each channel
 *          conductance += g_Na m³ h + g_K n⁴, inward += g_Na m³ h E_Na + g_K n⁴ E_K
 * shapes:  places[count] byte offsets of rows, parameters[6, count], m, h, gateN [count, row]; padded to whole vectors
 *          (places with that of a node, the parameters with 0)
 * edge:    NaN stays NaN
 */
@inline
function cableChannels<T>(pc: usize, kind: u32): void {
  const i = changetype<CableChannels>(pc);
  if (usize(i.row) < 16) overNodes<T>(i, kind);
  else overTrees<T>(i, kind);
}

function channelsOf<T>(pc: usize): void {
  if (changetype<CableChannels>(pc).channels == ChannelKind.TraubMiles) cableChannels<T>(pc, ChannelKind.TraubMiles);
  else cableChannels<T>(pc, ChannelKind.HodgkinHuxley);
}

export function execCableChannels(pc: usize): usize {
  if (changetype<CableChannels>(pc).wide) channelsOf<f64>(pc);
  else channelsOf<f32>(pc);
  return pc + offsetof<CableChannels>();
}
