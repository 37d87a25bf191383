// Every case of the suite, by the groups that can be asked for by name: one list for `npm run bench`, the browser's page and
// `neurite bench`. A new family of kernels has its line in kernels/index.ts, a new network in models.ts.
import { CoreInstance, loadCore } from '../../core/core.ts';
import type { Variant } from '../../core/features.ts';
import type { Case } from './case.ts';
import { kernelCases } from './kernels/index.ts';
import { predictionCases, trainingCases } from './models.ts';

/** Cases that are made of whole models, apart from the kernels: only those asked for are built. */
const models: Readonly<Record<string, (options: { variant: Variant }) => Promise<Case[]>>> = {
  predictions: predictionCases,
  training: trainingCases,
};

/** What can be asked for beside a group's name: everything, or all kernels. */
export const collections = ['all', 'kernels'] as const;

const kernelGroups = ['sgemm', 'gemv', 'dot', 'elementwise', 'activations', 'reductions', 'softmax', 'updates'];

/** What can be asked for by name. */
export const groupNames: readonly string[] = [...collections, ...kernelGroups, ...Object.keys(models)];

export const isGroup = (name: string): boolean => groupNames.includes(name);

/** The cases of that name. @throws RangeError where there is none of it */
export async function casesOf(name: string, variant: Variant): Promise<Case[]> {
  if (!isGroup(name)) throw new RangeError(`bench: no group "${name}"; there are: ${groupNames.join(', ')}`);
  const chosen: Case[] = [];
  if (!(name in models)) {
    const kernels = kernelCases(new CoreInstance(await loadCore({ variant })));
    chosen.push(...kernels.filter(({ group }) => name === 'all' || name === 'kernels' || name === group));
  }
  for (const [group, make] of Object.entries(models))
    if (name === 'all' || name === group) chosen.push(...(await make({ variant })));
  return chosen;
}
