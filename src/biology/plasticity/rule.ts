// What a plasticity rule is to a connection: traces, the scalars of the two formulas of assembly/neuron/plasticity.ts,
// and bounds of the weights.
import { valueOf } from '../checks.ts';
import type { Dimension, Quantity } from '../units.ts';

/** An amount in the unit of the connection's weights. */
export type WeightAmount = Quantity | number;

/** Makes the number of an amount, in the unit of the connection's weights. */
export type AmountReader = (amount: WeightAmount, what: string) => number;

/** The scalars of a rule, once the kind of the weights is known. */
export interface RuleScalars {
  readonly aPlus: number;
  readonly aMinus: number;
  readonly muPlus?: number;
  readonly muMinus?: number;
  readonly maximum: number;
  readonly minimum: number;
  readonly bPlus?: number;
  readonly bMinus?: number;
  readonly constant?: number;
}

/** A rule by which weights change, to be given to `connect`. */
export interface PlasticityRule {
  readonly type: string;
  /** Time constants of the traces of sources and of targets, in ms. */
  readonly tauSource: number;
  readonly tauTarget: number;
  /** Of the slow ones, where the rule has them. */
  readonly tauSourceSlow?: number;
  readonly tauTargetSlow?: number;
  /** Whether only the last spike counts: a trace jumps to 1, not by 1. */
  readonly nearest?: boolean;
  /** Where the change is tagged and comes with reward: time constants of tags and of reward, in ms. */
  readonly reward?: { readonly tauTag: number; readonly tauReward: number };
  /** @internal */
  scalars(read: AmountReader): RuleScalars;
}

/** Reads amounts of weights of one dimension. */
export const amountReader =
  (dimension: Dimension | 'number'): AmountReader =>
  (amount, what) => {
    if (dimension !== 'number') return valueOf(amount, dimension, what);
    if (typeof amount !== 'number' || !Number.isFinite(amount))
      throw new TypeError(`${what}: expected a number, got ${String(amount)}`);
    return amount;
  };

/** Bounds of weights, the lower 0 where it is not given. */
export function boundsOf(
  read: AmountReader,
  { maximum, minimum }: { maximum: WeightAmount; minimum?: WeightAmount },
  type: string,
): { maximum: number; minimum: number } {
  const bounds = {
    maximum: read(maximum, `${type}: maximum`),
    minimum: minimum === undefined ? 0 : read(minimum, `${type}: minimum`),
  };
  if (!(bounds.minimum < bounds.maximum))
    throw new RangeError(`${type}: expected minimum below maximum, got ${String(minimum ?? 0)} and ${String(maximum)}`);
  return bounds;
}
