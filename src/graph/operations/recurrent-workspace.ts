// How many bytes the recurrent instructions need beside their operands: the mirror of assembly/nn/recurrent.ts.
import { BLOCK_BYTES, RecurrentKind, TILE_COLUMNS } from '../../core/generated/instructions.ts';

export type RecurrentName = keyof typeof RecurrentKind;

/** The gates of each kind, and the values a unit that the backward pass needs of them. */
export const gatesOf: Readonly<Record<RecurrentName, { gates: number; saved: number }>> = {
  Tanh: { gates: 1, saved: 1 },
  Relu: { gates: 1, saved: 1 },
  Lstm: { gates: 4, saved: 4 },
  GruResetAfter: { gates: 3, saved: 4 },
  GruResetBefore: { gates: 3, saved: 4 },
};

/** A Cell, a Block and the places of the packed kernel. */
const headBytes = 128 + BLOCK_BYTES + 64;
/** The most rows that a tile has in any build. */
const tileRows = 6;

const paddedUnits = (units: number) => Math.ceil(units / TILE_COLUMNS) * TILE_COLUMNS;

/** The floats of the sums that are in hand at once, an upper bound for every build. */
const scratch = (batch: number, units: number, gates: number) =>
  gates * Math.max(tileRows * TILE_COLUMNS, Math.min(batch, tileRows - 1) * paddedUnits(units));

/** The bytes that PackRecurrent writes. */
export const packedRecurrentBytes = (kind: RecurrentName, units: number): number =>
  4 * gatesOf[kind].gates * paddedUnits(units) * units;

/** The bytes of workspace of Recurrent, whose kernel is packed ahead or not. */
export function recurrentWorkspace(kind: RecurrentName, batch: number, units: number, packed = false): number {
  const { gates } = gatesOf[kind];
  const padded = paddedUnits(units);
  const states = 5 * batch * padded;
  const kernel = packed ? 0 : packedRecurrentBytes(kind, units);
  return headBytes + 4 * (states + scratch(batch, units, gates) + gates * padded) + kernel;
}

/** The bytes of workspace of RecurrentBackward. */
export function recurrentBackwardWorkspace(kind: RecurrentName, batch: number, units: number): number {
  const { gates } = gatesOf[kind];
  const padded = paddedUnits(units);
  const states = 4 * batch * padded;
  return headBytes + 4 * (states + scratch(batch, units, 1) + padded * (gates * units + 1));
}
