// What tells the programs of training and evaluation apart, as identity.ts does for topologies.
import { isNamedLoss, type Loss } from '../losses/loss.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { exactly } from './identity.ts';

/**
 * A text for a program of these losses and this optimizer, besides its name; undefined where one of the losses is the
 * caller's own, of which the specification does not say all.
 */
export function programIdentity(name: string, losses: readonly Loss[], optimizer?: Optimizer): string | undefined {
  if (!losses.every(isNamedLoss)) return undefined;
  if (!optimizer) return name;
  const { updateKind, slots, scalarCount, clipValue, clipNorm } = optimizer;
  return `${name} ${JSON.stringify([updateKind, slots, scalarCount, clipValue, clipNorm], exactly)}`;
}
