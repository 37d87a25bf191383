// All losses by name, and what a user may put where one is expected.
import { unknownName } from '../core/nearest.ts';
import { infoNCELoss, ntXentLoss } from './contrastive.ts';
import { ctcLoss } from './ctc.ts';
import type { Loss, LossSpec } from './definition.ts';
import { gaussianLoss, logMeanSquaredErrorLoss } from './gaussian.ts';
import { diceLoss, tverskyLoss } from './overlap.ts';
import { rowLoss, rowLossNames, type RowLossType } from './rows.ts';
import { batchTripletLoss, tripletLoss } from './triplet.ts';

export type { Loss, LossNodes, LossSpec, TargetForm } from './definition.ts';

/** The losses that are formulas of graph operations. */
const formulas = {
  dice: diceLoss,
  tversky: tverskyLoss,
  triplet: tripletLoss,
  batchTriplet: batchTripletLoss,
  infoNCE: infoNCELoss,
  ntXent: ntXentLoss,
  gaussianNegativeLogLikelihood: gaussianLoss,
  logMeanSquaredError: logMeanSquaredErrorLoss,
  ctc: ctcLoss,
};

export type LossType = RowLossType | keyof typeof formulas;

const aliases: Readonly<Record<string, LossType>> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossEntropy',
  categoricalCrossEntropy: 'crossEntropy',
  sparseCategoricalCrossEntropy: 'crossEntropy',
  nll: 'negativeLogLikelihood',
  klDivergence: 'kullbackLeibler',
};

/** The names of all losses. */
export const lossNames = [...rowLossNames, ...(Object.keys(formulas) as (keyof typeof formulas)[])] as LossType[];

/** A loss, its name, or its JSON form. */
export type LossLike = LossType | 'mse' | 'mae' | 'bce' | 'nll' | LossSpec | Loss | (string & {});

/** @throws RangeError for an unknown name or option */
export function resolveLoss(loss: LossLike): Loss {
  if (typeof loss === 'object' && loss !== null && typeof (loss as Loss).build === 'function') return loss as Loss;
  const spec = typeof loss === 'string' ? { type: loss } : (loss as LossSpec);
  if (typeof spec?.type !== 'string') throw new TypeError(`loss: expected a name, got ${typeof loss}`);
  const type = aliases[spec.type] ?? spec.type;
  const made = namedLoss(type, spec);
  named.add(made);
  return made;
}

function namedLoss(type: string, spec: LossSpec): Loss {
  if (Object.hasOwn(formulas, type)) return formulas[type as keyof typeof formulas]({ ...spec, type });
  if (!(rowLossNames as string[]).includes(type)) throw unknownName('loss', spec.type, lossNames);
  return rowLoss(type as RowLossType, { ...spec, type });
}

const named = new WeakSet<Loss>();

/** Whether a loss is one of ours, of which its specification says all. */
export const isNamedLoss = (loss: Loss): boolean => named.has(loss);
