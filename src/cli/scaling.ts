// Normalisation before training: fitted on the training rows alone, kept with the model.
import { minMax, standardize, type Scaler } from '../data/scale.ts';
import type { Dataset } from '../data/dataset.ts';
import { NeuriteError } from '../core/errors.ts';

export type Scaling = 'standardize' | 'minmax' | 'none';
export const scalings: readonly Scaling[] = ['standardize', 'minmax', 'none'];

export interface Scalers {
  readonly scaler: Scaler | undefined;
  /** Of quantities: a network learns what is about 1 in size. */
  readonly targetScaler: Scaler | undefined;
}

const makers = { standardize, minmax: minMax };

export interface ScalingOptions {
  readonly scaling: Scaling;
  readonly constant: 'error' | 'pass';
  readonly targetName: string;
  readonly isRegression: boolean;
}

/** @throws NeuriteError for a column that is the same in every row, naming it, unless constants pass */
export function fitScalers({ inputs, targets, featureNames }: Dataset, options: ScalingOptions): Scalers {
  const { scaling, constant, targetName, isRegression } = options;
  if (scaling === 'none') return { scaler: undefined, targetScaler: undefined };
  const make = makers[scaling];
  return {
    scaler: explained('; leave the column out, or say --constant pass', () =>
      make(inputs, { constant, ...(featureNames && { featureNames }) }),
    ),
    targetScaler: isRegression
      ? explained('; there is nothing to learn', () => make(targets, { featureNames: [targetName] }))
      : undefined,
  };
}

function explained<T>(advice: string, fit: () => T): T {
  try {
    return fit();
  } catch (error) {
    if (!(error as Error).message.endsWith('no scale')) throw error;
    throw new NeuriteError(`${(error as Error).message}${advice}`, { cause: error });
  }
}
