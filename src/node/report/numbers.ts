// How numbers read in a report.

/** Four digits that matter: 0.01234, 2.303, 1.5e-7; NaN and infinity by name. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}

/** 0.97222 as `97.2 %`; nothing measured as a dash. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '–';
}
