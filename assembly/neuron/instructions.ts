// The instruction set of the biological module: the one place where its opcodes and operands are defined.
// The form is that of assembly/instructions.ts, and scripts/build-core.mjs makes the host's table of it.
// `wide` chooses the precision of the group's numbers: 0 for float32 (four neurons a vector), 1 for float64 (two).
// Arrays of a group are padded to whole vectors of 16 bytes; the padding may be read and written and never spikes.
// `parameters` is a block of vectors (vectors.ts); an address of 0 means "not there" where the comment allows it.

export const enum Opcode {
  Halt,
  Next,
  Lif,
  LifConductance,
  Izhikevich,
  Receptor,
  Drive,
  SpikeTimes,
  Propagate,
  PropagateDense,
  RecordSpikes,
  RecordStates,
  CheckState,
  RandomValues,
  Noise,
  PoissonSource,
  PoissonInput,
  ConnectProbability,
  AdaptiveExponential,
  HodgkinHuxley,
  PropagateDelayed,
  ShortTerm,
  Decay,
  PlasticArrival,
  PlasticSpike,
  Eligibility,
  Scaling,
  ConnectDegree,
  ConnectDistance,
  TransposeRows,
  RecordRate,
  RateUnits,
  PropagateRates,
  SpikeTrace,
  RateRule,
  Cable,
  CableChannels,
  Equations,
  GapJunctions,
  MotorUnits,
}

/** One step of a model that was given as equations (equations.ts); masks have all bits of a lane set or none. */
export const enum Elementary {
  Copy,
  Negate,
  Absolute,
  SquareRoot,
  Floor,
  Ceiling,
  Truncate,
  Sign,
  Exponential,
  ExponentialMinusOne,
  /** (e^a − 1) / a, 1 at 0. */
  RelativeExponential,
  Logarithm,
  Sine,
  Cosine,
  HyperbolicTangent,
  /** Of masks. */
  Not,
  /** 1 where the mask is set, else 0. */
  Indicator,
  /** The value, which then is 0. */
  Take,
  /** The mask of the neurons that are refractory until the step in a. */
  Resting,
  Add,
  Subtract,
  Multiply,
  Divide,
  Power,
  Minimum,
  Maximum,
  Less,
  LessOrEqual,
  Equal,
  NotEqual,
  And,
  Or,
  /** a · b + c, two roundings. */
  MultiplyAdd,
  /** c − a · b, two roundings. */
  SubtractProduct,
  /** b where the mask a is set, else c. */
  Choose,
  /** b where a neuron is refractory until the step in a, else c. */
  ChooseResting,
  /** Random numbers of the stream in b: in [0, 1), and standard normal. */
  Uniform,
  Normal,
}

/** Where an operand of an elementary step is. */
export const enum Place {
  /** A block of temporary numbers. */
  Temporary,
  /** An array of the group, a number for each neuron. */
  Neurons,
  /** One vector, for all neurons. */
  Scalar,
}

export const enum RandomKind {
  Uniform,
  Normal,
}

/** How a membrane's equations are stepped where they are not linear. */
export const enum Method {
  Euler,
  ExponentialEuler,
  RungeKutta4,
}

/** Whose rates of opening and closing. */
export const enum ChannelKind {
  HodgkinHuxley,
  TraubMiles,
}

/** How the probability of a connection falls with distance. */
export const enum DistanceKind {
  Gaussian,
  Exponential,
  Disc,
}

/** How a receptor acts on the membrane. */
export const enum ReceptorForm {
  /** Adds to the drive: current. */
  Current,
  /** Adds g (E − v) to the drive. */
  Driving,
  /** Adds g to the conductance and g E to the reversal current. */
  Conductance,
}

/** What every instruction begins with. */
@unmanaged
export class Instruction {
  opcode: u32;
}

/** Ends a program. */
@unmanaged
export class Halt extends Instruction {}

/** Ends a step: the clock goes on by one, and the program from `start` again, until the clock's end is reached. */
@unmanaged
export class Next extends Instruction {
  clock: usize;
  start: usize;
}

/** What the membranes have in common; g0 and g1 are the states of up to two exponential receptors. */
@unmanaged
export class Membrane extends Instruction {
  wide: u32;
  n: u32;
  clock: usize;
  /** The block of parameters, and its step in bytes from vector to vector: 0 where all neurons share one. */
  parameters: usize;
  step: u32;
  /** The membrane potential. */
  v: usize;
  /** Until which step a neuron is refractory, integers as wide as the numbers; 0: none ever is. */
  until: usize;
  /** The spikes of the group, a SpikeLog. */
  spikes: usize;
  /** What was added for this step alone: current and potential; 0: nothing. Both are cleared. */
  drive: usize;
  jump: usize;
}

/** Leaky integrate and fire, exact. */
@unmanaged
export class Lif extends Membrane {
  /** 0 to 2 exponential receptors within. */
  receptors: u32;
  g0: usize;
  g1: usize;
}

/** Leaky integrate and fire with conductances, exponential Euler. */
@unmanaged
export class LifConductance extends Membrane {
  receptors: u32;
  g0: usize;
  g1: usize;
  /** Conductance and reversal current of further receptors; 0: none. Both are cleared. */
  conductance: usize;
  reversal: usize;
}

@unmanaged
export class Izhikevich extends Membrane {
  u: usize;
  /** How many steps v makes in a step of u. */
  substeps: u32;
}

/** One step of a receptor by itself. */
@unmanaged
export class Receptor extends Instruction {
  wide: u32;
  n: u32;
  form: u32;
  /** 1: open at once, g alone; 2: y opens it. */
  stages: u32;
  /** Whether magnesium blocks it. */
  magnesium: u32;
  parameters: usize;
  step: u32;
  g: usize;
  y: usize;
  v: usize;
  drive: usize;
  conductance: usize;
  reversal: usize;
}

/** drive[n] += values[row of the clock's step], `columns` 1 for all neurons alike or n; nothing from `rows` on. */
@unmanaged
export class Drive extends Instruction {
  wide: u32;
  n: u32;
  clock: usize;
  drive: usize;
  values: usize;
  first: u32;
  rows: u32;
  columns: u32;
}

/** Spikes from a list: steps ascending, the neuron beside each; `cursor` is the next one's place. */
@unmanaged
export class SpikeTimes extends Instruction {
  clock: usize;
  spikes: usize;
  steps: usize;
  neurons: usize;
  count: u32;
  cursor: usize;
}

/** out[targets] += weight · scale[source] for the spikes that arrive now; a row of `rows` for each source neuron. */
@unmanaged
export class Propagate extends Instruction {
  wide: u32;
  clock: usize;
  spikes: usize;
  /** Steps from spike to arrival. */
  delay: u32;
  /** The sources first … first + count − 1 of the group. */
  first: u32;
  count: u32;
  rows: usize;
  targets: usize;
  /** One weight for all where `shared`, else one for each synapse. */
  weights: usize;
  shared: u32;
  /** 0: no scale. */
  scale: usize;
  out: usize;
}

/** out[n] += weights[source][n] for the spikes that arrive now. */
@unmanaged
export class PropagateDense extends Instruction {
  wide: u32;
  clock: usize;
  spikes: usize;
  delay: u32;
  first: u32;
  count: u32;
  n: u32;
  weights: usize;
  scale: usize;
  out: usize;
}

/** Appends the spikes of neurons first … first + count − 1 as pairs (step, neuron − first). Stops when full. */
@unmanaged
export class RecordSpikes extends Instruction {
  clock: usize;
  spikes: usize;
  first: u32;
  count: u32;
  out: usize;
  capacity: u32;
  /** The number of pairs. */
  used: usize;
}

/** Every so many steps appends the values of `n` elements of an array. Stops when full. */
@unmanaged
export class RecordStates extends Instruction {
  wide: u32;
  clock: usize;
  every: u32;
  state: usize;
  n: u32;
  indices: usize;
  out: usize;
  /** In rows. */
  capacity: u32;
  used: usize;
}

/** Every so many steps, stops where a value of the n is not finite. */
@unmanaged
export class CheckState extends Instruction {
  wide: u32;
  clock: usize;
  every: u32;
  n: u32;
  state: usize;
}

/** out[n] of a distribution, once: Uniform in [bounds[0], bounds[1]), or Normal of mean and deviation. */
@unmanaged
export class RandomValues extends Instruction {
  wide: u32;
  kind: u32;
  out: usize;
  n: u32;
  bounds: usize;
  seedLow: u32;
  seedHigh: u32;
  stream: u32;
}

/** out[n] += amplitude · z, a standard normal number for each neuron and step; `columns` 1 or n amplitudes. */
@unmanaged
export class Noise extends Instruction {
  wide: u32;
  n: u32;
  clock: usize;
  stream: u32;
  out: usize;
  amplitude: usize;
  columns: u32;
}

/** Each neuron spikes where its random word is below its threshold; `columns` 1 or n thresholds. */
@unmanaged
export class PoissonSource extends Instruction {
  n: u32;
  clock: usize;
  stream: u32;
  spikes: usize;
  thresholds: usize;
  columns: u32;
}

/** out[n] += weight · k, k of a Poisson distribution: how many of the `levels` (ascending) are ≤ the random word. */
@unmanaged
export class PoissonInput extends Instruction {
  wide: u32;
  n: u32;
  clock: usize;
  stream: u32;
  out: usize;
  levels: usize;
  count: u32;
  weight: usize;
}

/** Rows of targets, each target there with a probability. Stops when full. */
@unmanaged
export class ConnectProbability extends Instruction {
  sources: u32;
  targets: u32;
  /** What is added to a target's number. */
  first: u32;
  /** 1 / ln(1 − p). */
  inverseLog: f32;
  /** Added to the source's number it is the target that is left out, where `distinct`. */
  distinct: u32;
  diagonal: i32;
  seedLow: u32;
  seedHigh: u32;
  stream: u32;
  rows: usize;
  out: usize;
  capacity: u32;
}

@unmanaged
export class AdaptiveExponential extends Membrane {
  w: usize;
  method: u32;
}

/** Sodium, potassium and leak; up to two exponential conductances within, further ones in the sums. */
@unmanaged
export class HodgkinHuxley extends Membrane {
  channels: u32;
  method: u32;
  m: usize;
  h: usize;
  gateN: usize;
  receptors: u32;
  g0: usize;
  g1: usize;
  conductance: usize;
  reversal: usize;
}

/** As Propagate, but each synapse has its own delay: `ring` holds what is to come, `slots` rows of `n` numbers. */
@unmanaged
export class PropagateDelayed extends Instruction {
  wide: u32;
  clock: usize;
  spikes: usize;
  first: u32;
  count: u32;
  rows: usize;
  targets: usize;
  weights: usize;
  shared: u32;
  scale: usize;
  /** Steps, a word for each synapse. */
  delays: usize;
  ring: usize;
  slots: u32;
  n: u32;
  out: usize;
}

/** Short-term plasticity of the synapses of each source whose spike arrives now: what they release, into `scale`. */
@unmanaged
export class ShortTerm extends Instruction {
  wide: u32;
  clock: usize;
  spikes: usize;
  delay: u32;
  first: u32;
  count: u32;
  parameters: usize;
  u: usize;
  x: usize;
  y: usize;
  /** The step of the last spike's arrival. */
  last: usize;
  scale: usize;
}

/** x[n] *= factor. */
@unmanaged
export class Decay extends Instruction {
  wide: u32;
  n: u32;
  x: usize;
  factor: usize;
}

/** What both sides of a plastic connection have; traces of sources are x, of targets y. */
@unmanaged
export class Plastic extends Instruction {
  wide: u32;
  clock: usize;
  spikes: usize;
  delay: u32;
  first: u32;
  count: u32;
  weights: usize;
  /** Scalars, see plasticity.ts. */
  parameters: usize;
  /** 1: only the last spike counts. */
  nearest: u32;
  x: usize;
  /** 0: the rule has no slow traces. */
  xSlow: usize;
  y: usize;
  ySlow: usize;
  /** A tag for each synapse that takes the change in the weight's place; 0: none. */
  tags: usize;
  /** The sign that each synapse keeps, as 1 or −1 (Dale's law); 0: any. */
  signs: usize;
}

/** Spikes of sources arrive: delivered with the weight as it is, which then changes. */
@unmanaged
export class PlasticArrival extends Plastic {
  rows: usize;
  targets: usize;
  /** The number in its group of target 0. */
  firstTarget: u32;
  scale: usize;
  out: usize;
}

/** Targets spike: their incoming weights change. `rows` are those of targets. */
@unmanaged
export class PlasticSpike extends Plastic {
  rows: usize;
  sources: usize;
  /** The synapse of each entry. */
  order: usize;
}

/** weights[n] += reward's share of tags[n], within the bounds; tags and reward decay. */
@unmanaged
export class Eligibility extends Instruction {
  wide: u32;
  n: u32;
  weights: usize;
  tags: usize;
  reward: usize;
  parameters: usize;
  signs: usize;
}

/** Every so many steps incoming weights are scaled by how far the target's rate is from its goal. */
@unmanaged
export class Scaling extends Instruction {
  wide: u32;
  clock: usize;
  every: u32;
  n: u32;
  rows: usize;
  order: usize;
  weights: usize;
  rate: usize;
  parameters: usize;
  spikes: usize;
  first: u32;
}

/** For each of n rows `degree` of `choices` numbers at random, with repetition or without. */
@unmanaged
export class ConnectDegree extends Instruction {
  n: u32;
  choices: u32;
  degree: u32;
  first: u32;
  repeated: u32;
  distinct: u32;
  diagonal: i32;
  seedLow: u32;
  seedHigh: u32;
  stream: u32;
  /** A byte for each choice, all 0; not needed with repetition. */
  marks: usize;
  out: usize;
}

/** Rows of targets by distance. Stops when full. Positions are three floats each. */
@unmanaged
export class ConnectDistance extends Instruction {
  kind: u32;
  sources: u32;
  targets: u32;
  first: u32;
  distinct: u32;
  diagonal: i32;
  peak: f32;
  scale: f32;
  maximum: f32;
  sourcePositions: usize;
  targetPositions: usize;
  seedLow: u32;
  seedHigh: u32;
  stream: u32;
  rows: usize;
  out: usize;
  capacity: u32;
}

/** From rows of targets to rows of sources: for each target its sources, and which synapse each is. */
@unmanaged
export class TransposeRows extends Instruction {
  sources: u32;
  targets: u32;
  rows: usize;
  columns: usize;
  /** The number that target 0 has in `columns`. */
  first: u32;
  outRows: usize;
  outSources: usize;
  /** 0: not wanted. */
  order: usize;
}

/** Counts the spikes of neurons first … first + count − 1; at the end of each bin a pair (step, spikes). Stops when full. */
@unmanaged
export class RecordRate extends Instruction {
  clock: usize;
  spikes: usize;
  first: u32;
  count: u32;
  every: u32;
  /** A bin ends where the step's label is this modulo `every`. */
  phase: u32;
  out: usize;
  capacity: u32;
  /** The number of pairs, and the spikes of the bin so far. */
  used: usize;
}

/** Neurons that are told by a rate: rate' = (f(drive) − rate)/τ; the drive is cleared. */
@unmanaged
export class RateUnits extends Instruction {
  wide: u32;
  n: u32;
  /** 1: f is 0 below 0; 0: f(x) = x. */
  rectified: u32;
  /** The block of parameters: bias, gain, e^(−dt/τ). */
  parameters: usize;
  step: u32;
  rate: usize;
  drive: usize;
}

/** out[targets] += weight · rate[source] of all sources, in every step. */
@unmanaged
export class PropagateRates extends Instruction {
  wide: u32;
  count: u32;
  rows: usize;
  targets: usize;
  weights: usize;
  shared: u32;
  /** Of source 0. */
  rates: usize;
  out: usize;
}

/** x[count] *= factor, then += jump for the spikes that arrive now. */
@unmanaged
export class SpikeTrace extends Instruction {
  wide: u32;
  clock: usize;
  spikes: usize;
  delay: u32;
  first: u32;
  count: u32;
  x: usize;
  /** The factor and the jump. */
  parameters: usize;
}

export const enum RateRuleKind {
  Oja,
  Bcm,
}

/** Every so many steps weights change by the rates of both sides. */
@unmanaged
export class RateRule extends Instruction {
  wide: u32;
  clock: usize;
  every: u32;
  kind: u32;
  sources: u32;
  rows: usize;
  targets: usize;
  firstTarget: u32;
  weights: usize;
  /** Of source 0 and of target 0. */
  x: usize;
  y: usize;
  /** The sliding thresholds of n targets, for Bcm. */
  threshold: usize;
  n: u32;
  parameters: usize;
  /** The sign that each synapse keeps; 0: any. */
  signs: usize;
}

/** Trees of cable, n of them, one implicit step; v is the soma's row (cable.ts). */
@unmanaged
export class Cable extends Membrane {
  nodes: u32;
  /** Bytes from node to node: of a number for one tree, of whole vectors for many. */
  row: u32;
  /** The potentials of all nodes. */
  tree: usize;
  parents: usize;
  axial: usize;
  constant: usize;
  capacity: usize;
  leak: usize;
  conductance: usize;
  inward: usize;
  diagonal: usize;
  right: usize;
  extrapolate: u32;
  /** Whether a spike sets the soma to the reset. */
  resets: u32;
}

/** Sodium and potassium channels at `count` nodes of trees. */
@unmanaged
export class CableChannels extends Instruction {
  wide: u32;
  channels: u32;
  count: u32;
  row: u32;
  places: usize;
  parameters: usize;
  tree: usize;
  m: usize;
  h: usize;
  gateN: usize;
  conductance: usize;
  inward: usize;
}

/** An elementary step; it stands in a list of its own and is no instruction. */
@unmanaged
export class Step {
  operation: u32;
  /** Two bits for each operand, out first. */
  places: u32;
  out: usize;
  a: usize;
  b: usize;
  c: usize;
}

/** A step of neurons whose model was given as equations: lists of elementary steps, over blocks of neurons. */
@unmanaged
export class Equations extends Instruction {
  wide: u32;
  n: u32;
  clock: usize;
  /** The spikes of the group; 0: it has none. */
  spikes: usize;
  /** Bytes of a block, a multiple of 16 neurons. */
  block: u32;
  /** The vector that gets the time; 0: not wanted. `timeStep` is a double. */
  time: usize;
  timeStep: usize;
  /** What is the same for all neurons, once a step. */
  scalars: usize;
  scalarCount: u32;
  /** Block by block. */
  steps: usize;
  stepCount: u32;
  /** The temporary mask of the neurons above threshold; 0: there is no threshold. */
  condition: usize;
  /** As in Membrane; the refractory times are integers, a vector for all or one for each vector of neurons. */
  until: usize;
  refractory: usize;
  refractoryStep: u32;
  /** At a spike, vector by vector; the vector `mask` tells which neurons. */
  reset: usize;
  resetCount: u32;
  mask: usize;
}

/** Currents through gap junctions between neurons a of one group and b of another. */
@unmanaged
export class GapJunctions extends Instruction {
  wide: u32;
  count: u32;
  a: usize;
  b: usize;
  conductances: usize;
  vA: usize;
  vB: usize;
  driveA: usize;
  driveB: usize;
}

/** Twitches of n motor units. */
@unmanaged
export class MotorUnits extends Instruction {
  wide: u32;
  n: u32;
  clock: usize;
  nerve: usize;
  force: usize;
  y: usize;
  last: usize;
  parameters: usize;
  /** A number: the step in ms. */
  dt: usize;
  saturates: u32;
}
