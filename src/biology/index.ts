// The public names of `neurite/biology`: neurons that spike, synapses between them, and what is seen of them.
export {
  celsius,
  cm,
  cm2,
  GOhm,
  Hz,
  kelvin,
  kHz,
  kOhm,
  mM,
  mm,
  MOhm,
  mS,
  ms,
  mSPerCm2,
  mV,
  nA,
  nF,
  nS,
  ohmCm,
  pA,
  pF,
  Quantities,
  Quantity,
  s,
  uA,
  uAPerCm2,
  uF,
  uFPerCm2,
  uM,
  um,
  um2,
  uS,
  us,
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
export { adaptiveExponential, type AdaptiveExponentialOptions, type IntegrationMethod } from './models/adex.ts';
export {
  hodgkinHuxley,
  traubMiles,
  type HodgkinHuxleyOptions,
  type TraubMilesOptions,
} from './models/hodgkin-huxley.ts';
export {
  alpha,
  ampa,
  doubleExponential,
  exponential,
  gabaA,
  gabaB,
  magnesiumBlock,
  nmda,
  type NamedReceptorOptions,
  tonic,
  type NmdaOptions,
  type Receptor,
  type ReceptorOptions,
  type Receptors,
} from './models/receptors.ts';
export { cableNeuron, type CableNeuron } from './models/cable.ts';
export type { CableMethod, CableOptions, CableProperties, ReceptorPlace } from './models/cable-plan.ts';
export {
  hodgkinHuxleyChannels,
  traubMilesChannels,
  type ChannelOptions,
  type Channels,
} from './models/cable-channels.ts';
export type { Compartment } from './morphology/compartments.ts';
export { Morphology, MorphologyError, type Section, type SectionPoint } from './morphology/section.ts';
export { morphology, type Segment } from './morphology/segments.ts';
export { readSwc } from './morphology/swc.ts';
export { lif, type LifOptions } from './models/lif.ts';
export { rateUnits, type RateUnitsOptions } from './models/rate-units.ts';
export {
  bcm,
  oja,
  type BcmOptions,
  type OjaOptions,
  type RateRule,
  type RateRuleOptions,
} from './plasticity/rate-rules.ts';
export type { NeuronSign, SignParameter } from './connections/dale.ts';
export { izhikevich, type IzhikevichOptions } from './models/izhikevich.ts';
export {
  cellTypes as izhikevichCellTypes,
  patterns as izhikevichPatterns,
  type CellTypeName,
  type IzhikevichPattern,
  type PatternName,
} from './models/izhikevich-patterns.ts';
export {
  noise,
  noiseCurrent,
  poissonGroup,
  poissonInput,
  setRate,
  spikeTimes,
  stimulate,
  type CurrentFunction,
  type CurrentValue,
  type PoissonInputOptions,
  type SourceOptions,
  type SpikeList,
  type StimulateOptions,
} from './sources.ts';
export { connect, type ConnectOptions, type Connection } from './connections/connect.ts';
export { allToAll, fixedProbability, oneToOne, pairs, type PatternOptions } from './connections/patterns.ts';
export {
  distanceDependent,
  fixedInDegree,
  fixedOutDegree,
  fixedTotal,
  type DegreeOptions,
  type DistanceOptions,
  type Position,
} from './connections/degree.ts';
export { shortTermPlasticity, type ShortTermOptions, type ShortTermPlasticity } from './connections/short-term.ts';
export type { PlasticityRule, WeightAmount } from './plasticity/rule.ts';
export {
  homeostaticScaling,
  inhibitoryStdp,
  pairStdp,
  rewardModulated,
  tripletStdp,
  type Homeostasis,
  type HomeostaticScalingOptions,
  type InhibitoryStdpOptions,
  type PairStdpOptions,
  type RewardOptions,
  type TripletStdpOptions,
} from './plasticity/stdp.ts';
export type { Pattern } from './connections/rows.ts';
export { monitor } from './monitors/monitor.ts';
export type { MonitorOptions, SampledMonitorOptions, SpikeTriggerOptions } from './monitors/options.ts';
export type { TextWriter } from './monitors/writer.ts';
export type { RateMonitor } from './monitors/rates.ts';
export type { WeightMonitor, WeightMonitorOptions } from './monitors/weights.ts';
export type { SpikeMonitor } from './monitors/spikes.ts';
export type { StateMonitor, StateMonitorOptions } from './monitors/states.ts';
export { equations, quantity } from './equations/index.ts';
export type { ConstantValue, EquationMethod, EquationsOptions } from './equations/parse.ts';
export { EquationError } from './equations/source.ts';
export { lifRate, siegertRate, type RateOptions } from './closed-forms.ts';
export type { Picture, PictureOptions } from './pictures/chart.ts';
export {
  currentRatePicture,
  phasePlanePicture,
  rasterPicture,
  ratePicture,
  spaceTimePicture,
  stdpWindow,
  stdpWindowPicture,
  tracePicture,
  tuningPicture,
  weightPicture,
  type CurrentRateData,
  type HistogramData,
  type PhasePlaneData,
  type PhasePlaneOptions,
  type RasterData,
  type RateData,
  type SpaceTimeData,
  type TraceData,
  type TuningData,
  type WindowData,
} from './pictures/pictures.ts';
export { connectGaps, type GapJunctionOptions, type GapJunctions } from './connections/gap.ts';
export {
  motorPool,
  motorUnits,
  muscleForce,
  type MotorPool,
  type MotorPoolOptions,
  type MotorUnitOptions,
} from './models/muscle.ts';
export {
  branchResponse,
  calciumNeuron,
  calciumSpike,
  somaResponse,
  twoLayerNeuron,
  type CalciumNeuron,
  type CalciumNeuronOptions,
  type TwoLayerNeuron,
  type TwoLayerOptions,
} from './rate-neurons.ts';
export { pinskyRinzel, type PinskyRinzelOptions } from './models/pinsky-rinzel.ts';
export { nirNetwork, type NirNetwork, type NirNetworkOptions, type NirSignal } from './nir/network.ts';
export type { NirArray, NirGraph, NirNode, NirType } from '../formats/nir.ts';
export {
  toSpiking,
  type ClassifiedData,
  type SpikingEvaluation,
  type SpikingLayer,
  type SpikingModel,
  type SpikingOptions,
} from './conversion/spiking.ts';
export { spikeFeatures, type SpikeFeatureOptions } from './features.ts';
