// Files changed at random, for fuzz tests: cut off, bytes changed, bits flipped, parts moved or set.

/** @param next a random number from low to high */
export function mutated(bytes: Uint8Array, next: (low: number, high: number) => number): Uint8Array {
  const place = () => Math.floor(next(0, bytes.length));
  const kind = Math.floor(next(0, 5));
  if (kind === 0) return bytes.slice(0, place());
  const copy = bytes.slice();
  if (kind === 1) copy[place()] = Math.floor(next(0, 256));
  else if (kind === 2) for (let i = 0; i < 5; i++) copy[place()]! ^= 1 << Math.floor(next(0, 8));
  else if (kind === 3) copy.copyWithin(place(), place(), place());
  else copy.fill(255, place(), place() + 3);
  return copy;
}
