// Metrics of regressions: squared and absolute error, and the share of variance explained.
import { expectValues, type Metric } from './metric.ts';

function meanError(name: string, error: (difference: number) => number): Metric {
  return {
    name,
    better: 'smaller',
    create(context) {
      expectValues(name, context);
      const { columns } = context;
      let sum = 0;
      let count = 0;
      return {
        update(prediction, target, rows) {
          for (let i = 0; i < rows * columns; i++) sum += error(prediction[i]! - target[i]!);
          count += rows * columns;
        },
        result: () => (count ? sum / count : Number.NaN),
      };
    },
  };
}

/** The mean of (p − t)². */
export const mse = (): Metric => meanError('mse', (difference) => difference * difference);

/** The mean of |p − t|. */
export const mae = (): Metric => meanError('mae', Math.abs);

/**
 * R² = 1 − Σ(p − t)² / Σ(t − t̄)² of each column, their mean. A constant column counts 1 if it is predicted
 * exactly and 0 otherwise (scikit-learn's convention).
 */
export const r2 = (): Metric => ({
  name: 'r2',
  better: 'larger',
  create(context) {
    expectValues('r2', context);
    const { columns } = context;
    // Welford's update keeps the variance accurate whatever the mean.
    const means = new Float64Array(columns);
    const deviations = new Float64Array(columns);
    const residuals = new Float64Array(columns);
    let count = 0;
    return {
      update(prediction, target, rows) {
        for (let row = 0; row < rows; row++) {
          count++;
          for (let column = 0; column < columns; column++) {
            const value = target[row * columns + column]!;
            const delta = value - means[column]!;
            means[column]! += delta / count;
            deviations[column]! += delta * (value - means[column]!);
            const residual = prediction[row * columns + column]! - value;
            residuals[column]! += residual * residual;
          }
        }
      },
      result() {
        if (count === 0) return Number.NaN;
        const scores = Array.from(deviations, (deviation, column) => {
          if (deviation === 0) return residuals[column] === 0 ? 1 : 0;
          return 1 - residuals[column]! / deviation;
        });
        return scores.reduce((sum, score) => sum + score, 0) / columns;
      },
    };
  },
});
