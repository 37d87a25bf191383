// Networks from hyperparameters alone. What each type draws stands in networks/, a file for each.
import { unknownName } from '../core/nearest.ts';
import { resolveLoss } from '../losses/loss.ts';
import { Model } from './model.ts';
import type { CommonOptions, NetworkDefinition } from './networks/definition.ts';
import { networkDefinitions, type NetworkOptions, type NetworkType } from './networks/index.ts';
import { traceTopology } from './topology.ts';

export type { Task } from './networks/definition.ts';
export type { NetworkOptions, NetworkType } from './networks/index.ts';

/** The names of all types of network. */
export const networkTypes = /* @__PURE__ */ Object.keys(networkDefinitions) as NetworkType[];

const commonNames = ['type', 'inputShape', 'seed', 'variant', 'deterministic'] as const satisfies readonly (
  'type' | keyof CommonOptions
)[] as readonly string[];

/**
 * A model described by a few words. Its loss is chosen by the task too: `model.fit(data)` needs no other.
 * @example const model = await network({ type: 'mlp', inputShape: [4], layers: [16], outputs: 3, task: 'multiclass' });
 * @throws RangeError for an unknown type (with the known ones), task, option or size
 */
export async function network(options: NetworkOptions): Promise<Model> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('network: expected an object of hyperparameters');
  if (!Object.hasOwn(networkDefinitions, options.type)) throw unknownName('network type', options.type, networkTypes);
  const definition = (await networkDefinitions[options.type]()) as unknown as NetworkDefinition<NetworkOptions>;
  const known: readonly string[] = [...commonNames, ...definition.options];
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw unknownName(`option of network "${options.type}"`, name, known);
  if (!Array.isArray(options.inputShape))
    throw new TypeError('network: expected the option inputShape, the shape of one sample');
  const { inputs, outputs, loss, task } = definition.draw(options);
  const model = await Model.create(traceTopology(inputs, outputs), options);
  model.metadata['task'] = task;
  model.trainer.losses = outputs.map(() => resolveLoss(loss));
  return model;
}
