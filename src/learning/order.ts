// The order in which the samples of an epoch are shown to a single neuron.

/** The indices of the samples in the order of epoch 1, 2, …: every index once, or the rule says so. */
export type SampleOrder = (epoch: number) => ArrayLike<number>;

/**
 * The order of one epoch: the given one where `order` is undefined.
 * @throws RangeError unless it holds each of 0 … count − 1 once.
 */
export function epochOrder(caller: string, order: SampleOrder | undefined, epoch: number, count: number) {
  if (!order) return undefined;
  const indices = order(epoch);
  const seen = new Set(Array.from(indices).filter((i) => Number.isInteger(i) && i >= 0 && i < count));
  if (indices.length !== count || seen.size !== count) {
    throw new RangeError(`${caller}: expected the order of epoch ${epoch} to hold each of 0 … ${count - 1} once`);
  }
  return indices;
}
