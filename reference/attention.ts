// Scaled dot-product attention of many heads, and rotary positions, in plain float64.

export interface AttentionShape {
  readonly batch: number;
  readonly heads: number;
  readonly size: number;
  readonly queries: number;
  readonly keys: number;
  readonly causal?: boolean;
  /** 1 / √size by default. */
  readonly scale?: number;
  /** [batch, keys]: 0 hides a key. */
  readonly mask?: ArrayLike<number> | undefined;
}

/** The weights [batch, heads, queries, keys] of q [batch, queries, heads · size] for k [batch, keys, heads · size]. */
export function attentionWeights(q: ArrayLike<number>, k: ArrayLike<number>, shape: AttentionShape): Float64Array {
  const { batch, heads, size, queries, keys, causal = false, scale = 1 / Math.sqrt(size), mask } = shape;
  const width = heads * size;
  const out = new Float64Array(batch * heads * queries * keys);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const scores = Array.from({ length: keys }, (_, j) => {
          const isHidden = (causal && j > i + keys - queries) || mask?.[b * keys + j] === 0;
          if (isHidden) return -Infinity;
          let sum = 0;
          for (let d = 0; d < size; d++)
            sum += q[(b * queries + i) * width + h * size + d]! * k[(b * keys + j) * width + h * size + d]!;
          return sum * scale;
        });
        const maximum = Math.max(...scores);
        const terms = scores.map((score) => (score === -Infinity ? 0 : Math.exp(score - maximum)));
        const total = terms.reduce((sum, term) => sum + term, 0);
        terms.forEach((term, j) => {
          out[((b * heads + h) * queries + i) * keys + j] = total === 0 ? 0 : term / total;
        });
      }
  return out;
}

/** The weighted values [batch, queries, heads · size]. */
export function attention(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  shape: AttentionShape,
): Float64Array {
  const { batch, heads, size, queries, keys } = shape;
  const width = heads * size;
  const weights = attentionWeights(q, k, shape);
  const out = new Float64Array(batch * queries * width);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++)
        for (let j = 0; j < keys; j++) {
          const weight = weights[((b * heads + h) * queries + i) * keys + j]!;
          for (let d = 0; d < size; d++)
            out[(b * queries + i) * width + h * size + d]! += weight * v[(b * keys + j) * width + h * size + d]!;
        }
  return out;
}

/** x [batch, steps, heads · size] with the halves of each head turned by step / base^(2 i / size). */
export function rotary(
  x: ArrayLike<number>,
  { steps, heads, size, base = 10000 }: { steps: number; heads: number; size: number; base?: number },
): Float64Array {
  const half = size / 2;
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += size) {
    const step = Math.floor(start / (heads * size)) % steps;
    for (let i = 0; i < half; i++) {
      const angle = step / base ** ((2 * i) / size);
      const [a, b] = [x[start + i]!, x[start + half + i]!];
      out[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
      out[start + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  return out;
}

/** Gradients of Σ dOut · attention(q, k, v). */
export function attentionGradients(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  dOut: ArrayLike<number>,
  shape: AttentionShape,
): { dQ: Float64Array; dK: Float64Array; dV: Float64Array } {
  const { batch, heads, size, queries, keys, scale = 1 / Math.sqrt(size) } = shape;
  const width = heads * size;
  const weights = attentionWeights(q, k, shape);
  const [dQ, dK, dV] = [q, k, v].map(({ length }) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const atQ = (b * queries + i) * width + h * size;
        const row = weights.subarray(
          ((b * heads + h) * queries + i) * keys,
          ((b * heads + h) * queries + i + 1) * keys,
        );
        const dWeights = Array.from(row, (weight, j) => {
          const atK = (b * keys + j) * width + h * size;
          let sum = 0;
          for (let d = 0; d < size; d++) {
            sum += dOut[atQ + d]! * v[atK + d]!;
            dV[atK + d]! += weight * dOut[atQ + d]!;
          }
          return sum;
        });
        const delta = dWeights.reduce((sum, value, j) => sum + value * row[j]!, 0);
        dWeights.forEach((value, j) => {
          const atK = (b * keys + j) * width + h * size;
          const dScore = row[j]! * (value - delta) * scale;
          for (let d = 0; d < size; d++) {
            dQ[atQ + d]! += dScore * k[atK + d]!;
            dK[atK + d]! += dScore * q[atQ + d]!;
          }
        });
      }
  return { dQ, dK, dV };
}
