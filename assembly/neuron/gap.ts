// Gap junctions: channels from inside one cell to inside another, through which the difference of their potentials drives
// a current both ways.
import { GapJunctions } from './instructions';

@inline
function add<T>(address: usize, x: T): void {
  store<T>(address, load<T>(address) + x);
}

/**
 * formula: I = g (v_B[b] − v_A[a]); driveA[a] += I, driveB[b] −= I, with all potentials as they are before any is changed
 * shapes:  a, b [count] numbers of neurons, conductances[count]; vA, driveA and vB, driveB as long as their groups
 * alias:   vA and vB may be one array, and so may driveA and driveB; no drive may be a v
 * edge:    NaN in one cell reaches the other
 */
@inline
function gapJunctions<T>(i: GapJunctions): void {
  for (let k: usize = 0; k < i.count; k++) {
    const a = usize(load<u32>(i.a + 4 * k)) * sizeof<T>();
    const b = usize(load<u32>(i.b + 4 * k)) * sizeof<T>();
    const current = load<T>(i.conductances + k * sizeof<T>()) * (load<T>(i.vB + b) - load<T>(i.vA + a));
    add<T>(i.driveA + a, current);
    add<T>(i.driveB + b, -current);
  }
}

export function execGapJunctions(pc: usize): usize {
  const i = changetype<GapJunctions>(pc);
  if (i.wide) gapJunctions<f64>(i);
  else gapJunctions<f32>(i);
  return pc + offsetof<GapJunctions>();
}
