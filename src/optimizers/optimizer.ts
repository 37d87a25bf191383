// What an optimizer is, and what all of them share: the common options, the common scalars, groups, saving.
// An optimizer says which slots a parameter needs and what the step's scalars are; a kernel does the rest
// (assembly/optim/update.ts), or a formula of graph operations. The model adds them and clips the gradients.
import { UpdateKind } from '../core/generated/instructions.ts';
import { field, nonNegative, optional, positive, type Fields, type Values } from '../core/options.ts';
import type { Graph, Node, Shape } from '../graph/graph.ts';
import { groupList, matches, type Group } from './groups.ts';
import { scalarOrder, writeScalars, type ScalarValues, type UpdateKindName } from './scalars.ts';
import type { SavedSchedule, Schedule } from './schedule.ts';
import { isSchedule, savedSchedule, toSchedule } from './schedules.ts';

/** What an optimizer carries from step to step beside its slots: plain numbers, saveable as JSON. */
export type OptimizerState = Record<string, number>;

/** An array that the optimizer keeps for a parameter. */
export interface Slot {
  readonly name: string;
  readonly initial: number;
  /** The parameter's own unless said. */
  readonly shape?: Shape;
}

/** What a formula works on: a parameter with its gradient (scaled already) and slots, and the step's scalars by name. */
export interface FormulaTerms<S extends string = string> {
  readonly parameter: Node;
  readonly gradient: Node;
  readonly slots: readonly Node[];
  scalar(name: S): Node;
}

/** A step as graph operations, where it is no kernel. */
export interface UpdateFormula {
  slots(shape: Shape): readonly Slot[];
  /** The names of the scalars, in the order in which they are written. */
  readonly scalarNames: readonly string[];
  /** Adds the new values of the parameter and of its slots. */
  build(graph: Graph, terms: FormulaTerms): { readonly parameter: Node; readonly slots: readonly Node[] };
}

/** Another optimizer for some of the parameters. */
export interface OptimizerPart {
  readonly optimizer: Optimizer;
  /** Whether its learning rate is that of the whole, for it has none of its own. */
  readonly followsRate: boolean;
  takes(name: string, shape: Shape): boolean;
}

export interface Optimizer {
  readonly type: string;
  /** Everything that `optimizerFromConfig` needs to build it again, as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly learningRate: number | Schedule;
  /** Each element of a gradient is held within ± this. */
  readonly clipValue?: number;
  /** All gradients together are scaled down to this Euclidean norm. */
  readonly clipNorm?: number;
  /** The kernel of its step; undefined where `formula` is. */
  readonly updateKind?: UpdateKind;
  /** Of the kernel, at most three, in the order of the instruction's slots. */
  readonly slots: readonly Slot[];
  readonly formula?: UpdateFormula;
  /** Arrays over all trained elements together, of this number. */
  vectors?(size: number): readonly (Slot & { readonly shape: Shape })[];
  /** Optimizers of some of the parameters: the first that takes one has it, this one what none takes. */
  readonly parts: readonly OptimizerPart[];
  readonly scalarCount: number;
  /**
   * Writes the scalars of a step into `out`. The same step, rate and state give the same bits in every engine.
   * @param step 1 for the first
   * @throws RangeError where the step is no integer ≥ 1
   */
  scalars(step: number, learningRate: number, state: OptimizerState, out: Float32Array): void;
  initialState(): OptimizerState;
}

/** What every optimizer takes beside its own options. */
export interface OptimizerOptions {
  /** A number above 0, or a schedule. */
  learningRate?: number | Schedule;
  /** Hold each element of a gradient within ± this. */
  clipValue?: number;
  /** Scale all gradients together down to this Euclidean norm. */
  clipNorm?: number;
  /** Options of their own for parameters by name: the first group that matches one has it. */
  groups?: readonly OptimizerGroup[];
}

/** Which parameters, by name, and any of the optimizer's own options but clipping. */
export interface OptimizerGroup {
  /**
   * A whole name (`layers.0.bias`), the name of a layer (`layers.0`), or a pattern in which `*` stands for anything
   * (`*.bias`); or several of them.
   */
  readonly match: string | readonly string[];
  /** A number above 0, or a schedule; that of the whole where it is left out. */
  readonly learningRate?: number | Schedule;
  readonly weightDecay?: number;
  readonly [option: string]: unknown;
}

/** A learning rate: a number above 0, a schedule, or what a file holds of one. */
const learningRate = (fallback: number) =>
  field<number | Schedule | SavedSchedule>({
    fallback,
    kind: 'a number or a schedule',
    is: (value) => typeof value === 'number' || isSchedule(value),
    expected: '> 0 and finite',
    accepts: (value) => typeof value !== 'number' || (value > 0 && value < Infinity),
  });

/** The fields of the options that every optimizer takes. */
export const commonFields = (rate: number) => ({
  learningRate: learningRate(rate),
  clipValue: optional(positive()),
  clipNorm: optional(positive()),
  groups: optional(groupList()),
});

/** The same, for an optimizer with weight decay. */
export const decayFields = (rate: number, weightDecay = 0) => ({
  ...commonFields(rate),
  weightDecay: nonNegative(weightDecay),
});

type CommonValues = Values<ReturnType<typeof commonFields>>;

/** An optimizer with a kernel, from its checked options and its formula for the scalars. */
export function defineOptimizer<K extends UpdateKindName>(definition: {
  type: string;
  values: CommonValues & Values<Fields>;
  /** Makes the optimizers of groups. */
  factory: Factory;
  kind: K;
  slots: readonly Slot[];
  scalars(step: number, learningRate: number, state: OptimizerState): ScalarValues<K>;
  initialState?(): OptimizerState;
}): Optimizer {
  const { type, kind, slots, scalars, initialState = () => ({}) } = definition;
  return {
    ...common(definition),
    updateKind: UpdateKind[kind],
    slots,
    scalarCount: scalarOrder[kind].length,
    scalars(step, learningRate, state, out) {
      checkStep(type, step);
      writeScalars(kind, scalars(step, learningRate, state), out);
    },
    initialState,
  };
}

/** An optimizer whose step is a formula of graph operations. */
export function defineFormula<S extends string>(definition: {
  type: string;
  values: CommonValues & Values<Fields>;
  factory: Factory;
  slots(shape: Shape): readonly Slot[];
  scalarNames: readonly S[];
  scalars(step: number, learningRate: number): Readonly<Record<S, number>>;
  build(graph: Graph, terms: FormulaTerms<S>): { readonly parameter: Node; readonly slots: readonly Node[] };
  /** Optimizers of what the formula is not for, asked after the groups. */
  parts?: readonly OptimizerPart[];
}): Optimizer {
  const { type, slots, scalarNames, scalars, build, parts = [] } = definition;
  const shared = common(definition);
  return {
    ...shared,
    parts: [...shared.parts, ...parts],
    slots: [],
    formula: { slots, scalarNames, build },
    scalarCount: scalarNames.length,
    scalars(step, learningRate, _state, out) {
      checkStep(type, step);
      const values = scalars(step, learningRate);
      scalarNames.forEach((name, index) => (out[index] = values[name]));
    },
    initialState: () => ({}),
  };
}

type Factory = (options: never) => Optimizer;

function checkStep(type: string, step: number): void {
  if (!Number.isInteger(step) || step < 1) throw new RangeError(`${type}: expected a step ≥ 1, got ${step}`);
}

/** What an optimizer is whatever its step: its learning rate, its clipping, its groups, and all of that as JSON. */
function common({ type, values, factory }: { type: string; values: CommonValues & Values<Fields>; factory: Factory }) {
  const { clipValue, clipNorm, groups, ...own } = values;
  const rate = asRate(values.learningRate);
  return {
    type,
    config: { ...values, learningRate: savedRate(rate), ...(groups && { groups: groups.map(savedGroup) }) },
    learningRate: rate,
    ...(clipValue === undefined ? {} : { clipValue }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    parts: (groups ?? []).flatMap((group, i) => partsOfGroup(type, factory, own, group, i)),
  };
}

const asRate = (rate: number | Schedule | SavedSchedule) => (typeof rate === 'number' ? rate : toSchedule(rate));
const savedRate = (rate: number | Schedule) => (typeof rate === 'number' ? rate : savedSchedule(rate));

const savedGroup = ({ learningRate: rate, ...group }: Group) => ({
  ...group,
  ...(rate !== undefined && { learningRate: savedRate(asRate(rate as number | Schedule | SavedSchedule)) }),
});

/** The optimizer of a group, and before it what that leaves to others. */
function partsOfGroup(type: string, factory: Factory, own: object, group: Group, index: number): OptimizerPart[] {
  const { match, ...options } = group;
  for (const name of ['clipValue', 'clipNorm', 'groups'])
    if (name in options) throw new RangeError(`${type}: groups[${index}]: ${name} is for all parameters together`);
  const optimizer = factory({ ...own, ...options } as never);
  const whole: OptimizerPart = { optimizer, followsRate: options['learningRate'] === undefined, takes: () => true };
  return [...optimizer.parts, whole].map((part) => ({
    ...part,
    takes: (name, shape) => matches(match, name) && part.takes(name, shape),
  }));
}

/** The optimizer and those of its parts, in an order that stays. */
export const optimizersOf = (optimizer: Optimizer): Optimizer[] => [
  optimizer,
  ...optimizer.parts.map((part) => part.optimizer),
];

/** Which of `optimizersOf` updates a parameter. */
export const optimizerFor = (optimizer: Optimizer, name: string, shape: Shape): number =>
  optimizer.parts.findIndex((part) => part.takes(name, shape)) + 1;

/** The slots that an optimizer (not its parts) keeps for a parameter of this shape. */
export const slotsFor = (optimizer: Optimizer, shape: Shape): { name: string; initial: number; shape: Shape }[] =>
  (optimizer.formula?.slots(shape) ?? optimizer.slots).map((slot) => ({ shape, ...slot }));

/** A slot that begins with zeros. */
export const zeros = (name: string): Slot => ({ name, initial: 0 });

/** Weight decay as a part of the gradient (coupled) or as a factor on the parameter (decoupled). */
export function decayScalars(weightDecay: number, learningRate: number, decoupled = false) {
  return decoupled ? { weightDecay: 0, decay: 1 - learningRate * weightDecay } : { weightDecay, decay: 1 };
}
