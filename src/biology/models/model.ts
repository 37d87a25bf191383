// What a neuron model is to a simulation: states in memory, places that synapses add to, and the instructions of a step.
import type { Arrays, PerNeuron } from '../arrays.ts';
import type { NumberParameter, Parameter, Source } from '../parameters.ts';
import type { NeuronInstruction } from '../program.ts';
import type { Dimension } from '../units.ts';

/** One number for each neuron of a group. */
export interface State {
  readonly address: number;
  readonly dimension: Dimension | 'number';
  /** Called when a user has set it. */
  readonly changed?: (() => void) | undefined;
}

/** Values of states at the beginning, by name; text where the model was given as text. */
export type InitialValues = Readonly<Record<string, Parameter<Dimension> | NumberParameter | string>>;

/** What a model sees of the group that it is made for. */
export interface GroupContext extends Source {
  readonly arrays: Arrays;
  /** The group's name, for errors. */
  readonly name: string;
  readonly size: number;
  /** In ms. */
  readonly dt: number;
  /** The address of the clock. */
  readonly clock: number;
  /** A new state, all of its elements at `initial`. */
  state(name: string, dimension: Dimension | 'number', initial: PerNeuron, changed?: () => void): State;
  /** A state that no user sees. */
  hidden(): number;
  /** A state that the model has placed itself. */
  placed(name: string, state: State): void;
  /** The number for each neuron of a parameter. */
  resolve(parameter: unknown, dimension: Dimension | 'number', what: string): PerNeuron;
}

/** Where a group's inputs are; 0 where nothing has asked for them. */
export interface GroupInputs {
  readonly spikes: number;
  readonly drive: number;
  readonly jump: number;
}

/** A model in the memory of a simulation. */
export interface GroupModel {
  /** Where a receptor's weights are added, by its name. */
  readonly receptors: ReadonlyMap<string, State>;
  /** Where what arrives at a variable is added, for models whose every variable synapses may add to. */
  receptor?(name: string): State | undefined;
  /** Numbers of the model, by name, for models that are given as text. */
  readonly constantNumbers?: ReadonlyMap<string, { readonly number: number; readonly dimension: Dimension | 'number' }>;
  /** The instruction that gives a state the value of an expression, once, for models that are given as text. */
  assignment?(state: string, text: string): NeuronInstruction;
  /** The states whose value must stay finite. */
  readonly checked: readonly State[];
  /** Where the rates are of neurons that have no spikes. */
  readonly rates?: State;
  /** Of neurons that never spike: the state that tells what they do. */
  readonly insteadOfSpikes?: string;
  /** Whether the membrane needs a place for currents whatever comes from outside (its own receptors add to it). */
  readonly needsDrive: boolean;
  /** The dimension of what comes in as current: the drive. */
  readonly driveDimension: Dimension | 'number';
  /** States that have too many names to list, or undefined: `v@dendrite(0.5)`. @throws RangeError for an unknown place */
  find?(name: string): State | undefined;
  /** Where what is given to `current`, to `v` or to a place is added, where the model has its own ways for that. */
  input?(name: string): State | undefined;
  /** The step of the group. */
  instructions(inputs: GroupInputs): NeuronInstruction[];
}

/** A kind of neuron with its parameters, to be given to `neuronGroup`. */
export interface NeuronModel {
  /** The function that made it: `lif`. */
  readonly type: string;
  /** @internal values of states at the beginning, where a group gives no others */
  readonly initial?: InitialValues | undefined;
  /** @internal */
  create(context: GroupContext): GroupModel;
}
