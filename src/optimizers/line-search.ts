// A line search for a step that satisfies the strong Wolfe conditions: bracket, then zoom by cubic interpolation.
// φ(t) = f(x + t·d). The loss falls by at least c1·t·φ′(0), and |φ′(t)| is at most c2·|φ′(0)|.
// Sources: Nocedal, Wright 2006, algorithms 3.5 and 3.6; as PyTorch's LBFGS has them.

/** A trial: the step's length, the loss there, its slope along the direction, and what the caller keeps of it. */
export interface Trial<G> {
  readonly t: number;
  readonly loss: number;
  readonly slope: number;
  readonly gradient: G;
}

const c1 = 1e-4;
const c2 = 0.9;

/** Where the cubic through two trials has its minimum, within bounds; their middle where it has none. */
export function cubicMinimum<G>(a: Trial<G>, b: Trial<G>, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = left.slope + right.slope - (3 * (left.loss - right.loss)) / (left.t - right.t);
  const square = d1 * d1 - left.slope * right.slope;
  // NaN, from a loss that is not finite, has no minimum either.
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const at = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
  return Number.isNaN(at) ? (low + high) / 2 : Math.min(Math.max(at, low), high);
}

export interface SearchLimits {
  /** Trials at most. */
  readonly trials: number;
  /** The least change of a parameter that counts as one. */
  readonly tolerance: number;
  /** The largest element of the direction. */
  readonly size: number;
}

/**
 * @param origin the trial at t = 0, its slope below 0 @param first the first length @param evaluate gives the trial at t
 * @returns the trial that was accepted, or the best found within the limits
 */
export function strongWolfe<G>(
  origin: Trial<G>,
  first: number,
  evaluate: (t: number) => Trial<G>,
  limits: SearchLimits,
): Trial<G> {
  const tooHigh = ({ t, loss }: Trial<G>) => loss > origin.loss + c1 * t * origin.slope;
  const isFlat = ({ slope }: Trial<G>) => Math.abs(slope) <= -c2 * origin.slope;
  let previous = origin;
  let trial = evaluate(first);
  let trials = 0;
  for (; ; trials++) {
    if (trials === limits.trials) return origin.loss <= trial.loss ? origin : trial;
    if (tooHigh(trial) || (trials > 1 && trial.loss >= previous.loss)) break;
    if (isFlat(trial)) return trial;
    if (trial.slope >= 0) break;
    const longer = cubicMinimum(previous, trial, trial.t + 0.01 * (trial.t - previous.t), trial.t * 10);
    previous = trial;
    trial = evaluate(longer);
  }
  return zoom([previous, trial], evaluate, { ...limits, trials: limits.trials - trials }, tooHigh, isFlat);
}

/** Narrows a bracket until a trial in it is accepted. */
function zoom<G>(
  bracket: [Trial<G>, Trial<G>],
  evaluate: (t: number) => Trial<G>,
  { trials, tolerance, size }: SearchLimits,
  tooHigh: (trial: Trial<G>) => boolean,
  isFlat: (trial: Trial<G>) => boolean,
): Trial<G> {
  let [low, high] = bracket[0].loss <= bracket[1].loss ? bracket : bracket.toReversed();
  let stalled = false;
  for (let i = 0; i < trials && Math.abs(high!.t - low!.t) * size >= tolerance; i++) {
    const [left, right] = [Math.min(low!.t, high!.t), Math.max(low!.t, high!.t)];
    let t = cubicMinimum(low!, high!);
    // A trial that is nearly at an end twice in turn is moved inwards.
    const margin = 0.1 * (right - left);
    const isNear = Math.min(right - t, t - left) < margin;
    if (isNear && (stalled || t >= right || t <= left)) {
      t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
      stalled = false;
    } else stalled = isNear;
    const trial = evaluate(t);
    if (tooHigh(trial) || trial.loss >= low!.loss) high = trial;
    else {
      if (isFlat(trial)) return trial;
      if (trial.slope * (high!.t - low!.t) >= 0) high = low;
      low = trial;
    }
    if (high!.loss < low!.loss) [low, high] = [high, low];
  }
  return low!;
}
