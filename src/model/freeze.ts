// Which layers training changes, after a model was made: freezing and unfreezing by name.
import { NeuriteError } from '../core/errors.ts';
import { unknownName } from '../core/nearest.ts';
import { restoreLayer } from '../layers/layer.ts';
import type { Model } from './model.ts';
import type { Topology } from './topology.ts';

/** The topology with some layers trainable or not; those that are so already are left as they are. */
function withTrainable(topology: Topology, numbers: ReadonlySet<number>, trainable: boolean): Topology {
  const layers = topology.layers.map((layer, i) => {
    if (!numbers.has(i) || layer.trainable === trainable) return layer;
    const { type, config, layerName } = layer;
    return restoreLayer(type, config, { ...(layerName !== undefined && { name: layerName }), trainable });
  });
  return { ...topology, layers };
}

/**
 * Sets whether training changes layers: those named, or all.
 * @throws RangeError for a name that is not there, with the nearest one; NeuriteError while the model is being trained
 */
export function setTrainable(model: Model, what: string, names: readonly string[], trainable: boolean): void {
  if (model.trainer.isTraining) throw new NeuriteError(`${what}: this model is being trained; wait until fit is done`);
  const { topology } = model;
  const numbers = names.map((name) => {
    const number = topology.names.indexOf(name);
    if (number === -1) throw unknownName(`layer of ${what}`, String(name), topology.names);
    return number;
  });
  const chosen = new Set(names.length ? numbers : topology.layers.keys());
  if ([...chosen].every((number) => topology.layers[number]!.trainable === trainable)) return;
  model.redraw(withTrainable(topology, chosen, trainable));
  for (const prefix of ['train ', 'apply ', 'gradients ', 'statistics ']) model.programs.forget(prefix);
  model.trainer.trainableChanged();
}
