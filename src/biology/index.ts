// The public names of `neurite/biology`: neurons that spike, synapses between them, and what is seen of them.
export {
  GOhm,
  Hz,
  kHz,
  MOhm,
  ms,
  mV,
  nA,
  nF,
  nS,
  pA,
  pF,
  Quantities,
  Quantity,
  s,
  us,
  uS,
  V,
  type Capacitance,
  type Conductance,
  type Current,
  type Dimension,
  type Frequency,
  type Resistance,
  type Time,
  type Unit,
  type Voltage,
} from './units.ts';
export { simulation, type RunOptions, type Simulation, type SimulationOptions, type Snapshot } from './simulation.ts';
export {
  neuronGroup,
  type InitialValues,
  type NeuronGroup,
  type NeuronGroupOptions,
  type NeuronRange,
} from './group.ts';
export { normal, uniform, type Distribution, type NumberParameter, type Parameter } from './parameters.ts';
export type { Precision } from './arrays.ts';
export type { NeuronModel } from './models/model.ts';
export { alpha, doubleExponential, exponential, type Receptor, type Receptors } from './models/receptors.ts';
export { lif, type LifOptions } from './models/lif.ts';
export { izhikevich, type IzhikevichOptions } from './models/izhikevich.ts';
export {
  cellTypes as izhikevichCellTypes,
  patterns as izhikevichPatterns,
  type CellTypeName,
  type IzhikevichPattern,
  type PatternName,
} from './models/izhikevich-patterns.ts';
export {
  poissonGroup,
  poissonInput,
  spikeTimes,
  stimulate,
  type CurrentFunction,
  type PoissonInputOptions,
  type SourceOptions,
  type SpikeList,
  type StimulateOptions,
} from './sources.ts';
export { connect, type ConnectOptions, type Connection } from './connections/connect.ts';
export { allToAll, fixedProbability, oneToOne, pairs, type PatternOptions } from './connections/patterns.ts';
export type { Pattern } from './connections/rows.ts';
export { monitor, type MonitorOptions } from './monitors/monitor.ts';
export type { SpikeMonitor } from './monitors/spikes.ts';
export type { StateMonitor, StateMonitorOptions } from './monitors/states.ts';
