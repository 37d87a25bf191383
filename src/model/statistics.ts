// The running statistics of batch normalisation, computed anew for the weights that a model has: one pass over samples,
// each batch normalised by itself as in training, and the mean over the batches. Averaged weights need it, since what was
// kept in training belongs to others. Source: PyTorch's update_bn; Izmailov et al. 2018, section 3.
import type { GraphFunction } from '../graph/graph.ts';
import { copyRows, type ResolvedData } from './data.ts';
import type { Model } from './model.ts';
import { topologyFromJSON, topologyToJSON, type Topology } from './topology.ts';
import { addAssignments, trace, type StateInfo } from './trace.ts';

/** What training steps write: running statistics. */
export const isStatistic = ({ when, dtype, perSample }: StateInfo): boolean =>
  when === 'training' && dtype === 'f32' && !perSample;

/** The topology whose normalisations keep the last batch's statistics as they are; those that keep none stay so. */
function immediate(topology: Topology): Topology {
  const replaced = JSON.stringify(topologyToJSON(topology), (key, value: unknown) =>
    key === 'momentum' && typeof value === 'number' && value > 0 ? 1 : value,
  );
  return topologyFromJSON(JSON.parse(replaced));
}

/** A training step's forward pass that writes statistics and nothing else. */
function statisticsFunction(topology: Topology, batch: number): GraphFunction {
  const traced = trace(topology, batch, true);
  const written = new Set([...traced.states.values()].filter(({ info }) => isStatistic(info)).map(({ node }) => node));
  const effects = addAssignments(traced).filter(({ inputs }) => written.has(inputs[0]!));
  return { nodes: traced.graph.nodes, outputs: {}, effects };
}

/** Replaces the statistics by the mean of those of all batches, a batch counting as many times as it has samples. */
export function refreshStatistics(model: Model, { inputs, count }: ResolvedData, batchSize: number): void {
  const names = model.states.filter(isStatistic).map(({ name }) => name);
  if (names.length === 0) return;
  const topology = immediate(model.topology);
  const sums = names.map((name) => new Float64Array(model.storage.floats(name).length));
  for (let start = 0; start < count; start += batchSize) {
    const size = Math.min(batchSize, count - start);
    const program = model.programs.get(`statistics ${size}`, () => statisticsFunction(topology, size));
    inputs.forEach((values, i) => {
      const { name } = model.topology.inputs[i]!;
      if (program.executable.compiled.inputs.has(name)) copyRows(values, start, size, program.executable.input(name));
    });
    model.programs.run(program);
    names.forEach((name, i) => model.storage.floats(name).forEach((value, j) => (sums[i]![j]! += value * size)));
  }
  names.forEach((name, i) => model.storage.floats(name).set(sums[i]!.map((sum) => sum / count)));
  model.programs.weightsChanged();
}
