// A model's equations in a group: states in memory, the graph of a step, and what synapses, monitors and users reach.
import type { Column, PerNeuron } from '../arrays.ts';
import { anyOf, resolve } from '../parameters.ts';
import type { NeuronInstruction } from '../program.ts';
import { propagator } from '../propagator.ts';
import type { Dimension } from '../units.ts';
import type { GroupContext, GroupInputs, GroupModel, State } from '../models/model.ts';
import { build, type Meanings } from './build.ts';
import { Checker, isNoise } from './check.ts';
import { dimensionName, unitInExpression, type Exponents } from './dimensions.ts';
import { expressionOf, type ModelLine, type Statement } from './model-text.ts';
import { dependsOn, Graph, rewritten, slopeOf, valueOfNode, type NeuronArray, type Node } from './graph.ts';
import { chosenMethod, methods, ownSlopes, stepped, type Differential, type System } from './methods.ts';
import type { ParsedModel, Refractory } from './parse.ts';
import { equationsInstruction } from './place.ts';
import { byReaders, schedule, type Root, type Schedule } from './schedule.ts';
import { SourceText } from './source.ts';

interface Variable extends State, NeuronArray {
  readonly exponents: Exponents;
}

/** An array of numbers that are computed of parameters before a run. */
interface Table {
  readonly array: NeuronArray;
  fill(): void;
}

/** So far in the future that no run gets there. */
const forever = 2 ** 30;

/** The equations of one group. */
export class CompiledEquations implements GroupModel {
  readonly receptors = new Map<string, State>();
  readonly checked: State[] = [];
  readonly needsDrive = false;
  readonly driveDimension: Dimension | 'number';
  private readonly context: GroupContext;
  private readonly model: ParsedModel;
  private readonly graph = new Graph();
  private readonly variables = new Map<string, Variable>();
  private readonly constants = new Map<string, Node>();
  /** What synapses add to a variable that may rest, by its name; made when something asks for it. */
  private readonly jumps = new Map<string, State>();
  private readonly noises = new Map<string, Node>();
  private readonly tables: Table[] = [];
  /** The arrays that do not change within a run. */
  private readonly constantArrays = new Set<number>();
  private readonly until: NeuronArray | undefined;
  private readonly refractory: { parameters: number; step: number };
  private indices: NeuronArray | undefined;
  private placed: NeuronInstruction | undefined;

  constructor(context: GroupContext, model: ParsedModel) {
    this.context = context;
    this.model = model;
    this.placeConstants();
    this.placeVariables();
    const inputs = this.inputs;
    this.driveDimension = inputs.length === 1 ? inputs[0]!.dimension : 'number';
    this.until = this.rests ? { name: 'until', address: context.hidden() } : undefined;
    this.refractory = this.placeRefractory();
    this.check();
  }

  /** Whether neurons are ever refractory. */
  private get rests(): boolean {
    return this.model.refractory !== undefined;
  }

  private get inputs(): Variable[] {
    return this.model.lines.filter(({ flags }) => flags.includes('input')).map(({ name }) => this.variables.get(name)!);
  }

  get constantNumbers(): ReadonlyMap<string, { number: number; dimension: Dimension | 'number' }> {
    return new Map([...this.model.constants].flatMap(([name, value]) => ('number' in value ? [[name, value]] : [])));
  }

  /** Where what arrives at a variable is added. */
  receptor(name: string): State | undefined {
    if (name === 'current' && !this.variables.has(name)) return this.inputs.length === 1 ? this.inputs[0] : undefined;
    const line = this.model.lines.find((each) => each.name === name);
    if (!line?.flags.includes('unless refractory') || !this.rests) return this.receptors.get(name);
    let jump = this.jumps.get(name);
    if (!jump) {
      jump = { address: this.context.hidden(), dimension: this.variables.get(name)!.dimension };
      this.jumps.set(name, jump);
    }
    return jump;
  }

  instructions({ spikes }: GroupInputs): NeuronInstruction[] {
    this.placed ??= this.compiled(spikes);
    this.refresh();
    return [this.placed];
  }

  /** Computes anew what depends on constant parameters. */
  refresh(): void {
    for (const table of this.tables) table.fill();
    const { refractory } = this.model;
    if (refractory?.kind !== 'time') return;
    const { arrays, size } = this.context;
    arrays.writeBlock(this.refractory.parameters, size, [this.refractorySteps(refractory)]);
  }

  /** The instruction that gives a variable the value of an expression, once. */
  assignment(state: string, text: string): NeuronInstruction {
    const source = new SourceText(text, `the value of ${state}`);
    const { exponents } = this.variables.get(state)!;
    const expression = expressionOf(source);
    new Checker(source, this.model.names).mustBe(expression, exponents, state);
    const node = build(expression, this.meanings(new Map()));
    const plan = schedule(this.graph, [{ array: this.variables.get(state)!, node }]);
    return equationsInstruction({ ...this.places(0), until: 0 }, plan, undefined);
  }

  private placeConstants(): void {
    const { arrays, size } = this.context;
    for (const [name, constant] of this.model.constants) {
      const values =
        'number' in constant
          ? constant.number
          : resolve(this.context, constant.parameter, constant.dimension, size, `constant ${name}`);
      const kelvin = constant.dimension === 'temperature' ? mapped(values, (x) => x + 273.15) : values;
      if (typeof kelvin === 'number') this.constants.set(name, this.graph.constant(kelvin));
      else {
        const array = this.fixedArray(name);
        arrays.write(array.address, size, kelvin);
        this.constants.set(name, this.graph.array(array));
      }
    }
  }

  /** An array that does not change within a run. */
  private fixedArray(name: string): NeuronArray {
    const array = { name, address: this.context.hidden() };
    this.constantArrays.add(array.address);
    return array;
  }

  private placeVariables(): void {
    for (const { name, kind, exponents, flags } of this.model.lines) {
      if (kind === 'subexpression') continue;
      const dimension = dimensionName(exponents);
      const isConstant = flags.includes('constant');
      const state = this.context.state(name, dimension, 0, isConstant ? () => this.refresh() : undefined);
      this.variables.set(name, { ...state, name, exponents });
      if (kind === 'differential') this.checked.push(state);
      if (isConstant) this.constantArrays.add(state.address);
      else this.receptors.set(name, state);
    }
  }

  private placeRefractory(): { parameters: number; step: number } {
    const { refractory } = this.model;
    const { arrays, size, name } = this.context;
    if (!refractory) return { parameters: 0, step: 0 };
    return arrays.block(size, [this.refractorySteps(refractory)], name);
  }

  private refractorySteps(refractory: Refractory): Column {
    const { dt, name } = this.context;
    const values =
      refractory.kind === 'condition' ? forever : mapped(this.refractoryTimes(refractory), (x) => Math.round(x / dt));
    if (anyOf(values, (x) => !(x >= 0))) throw new RangeError(`${name}: expected no refractory time below 0`);
    return { values, integer: true };
  }

  private refractoryTimes(refractory: Exclude<Refractory, { kind: 'condition' }>): PerNeuron {
    const { size, arrays, name } = this.context;
    if (refractory.kind === 'parameter')
      return resolve(this.context, refractory.value, 'time', size, `${name}: refractory`);
    const node = build(refractory.expression, this.meanings(new Map()));
    if (dependsOn(node, ({ array }) => array !== undefined && !this.constantArrays.has(array.address)))
      throw new RangeError(`${name}: refractory: a time must be made of constants`);
    const at = (k: number) => valueOfNode(node, ({ address }) => arrays.view(address, size)[k]!);
    return node.uniform ? at(0) : Float64Array.from({ length: size }, (_, k) => at(k));
  }

  /** What names stand for; `values` are those of variables that have others than their arrays. */
  private meanings(values: ReadonlyMap<string, Node>): Meanings {
    const { graph, model } = this;
    const cache = new Map<string, Node>();
    const meanings: Meanings = {
      graph,
      nextStream: this.context.nextStream,
      node: (name) => {
        const given = values.get(name) ?? cache.get(name);
        if (given) return given;
        const line = model.lines.find((each) => each.name === name);
        const node =
          line?.kind === 'subexpression' ? build(line.expression!, meanings) : (this.leaf(name) ?? this.known(name));
        cache.set(name, node);
        return node;
      },
    };
    return meanings;
  }

  private leaf(name: string): Node | undefined {
    const variable = this.variables.get(name);
    return variable ? this.graph.array(variable) : this.constants.get(name);
  }

  /** What is not the model's own. */
  private known(name: string): Node {
    const { graph } = this;
    if (isNoise(name)) return this.noise(name);
    switch (name) {
      case 't':
        return graph.time;
      case 'dt':
        return graph.constant(this.context.dt);
      case 'i':
        return graph.array(this.neuronIndices());
      case 'N':
        return graph.constant(this.context.size);
      case 'pi':
        return graph.constant(Math.PI);
      case 'e':
        return graph.constant(Math.E);
      case 'zero_celsius':
        return graph.constant(273.15);
      default:
        return graph.constant(unitInExpression(name)!.factor);
    }
  }

  private noise(name: string): Node {
    let node = this.noises.get(name);
    if (!node) {
      node = this.graph.random('Normal', this.context.nextStream());
      this.noises.set(name, node);
    }
    return node;
  }

  private neuronIndices(): NeuronArray {
    const { arrays, size } = this.context;
    if (!this.indices) {
      this.indices = this.fixedArray('i');
      arrays.write(
        this.indices.address,
        size,
        Float64Array.from({ length: size }, (_, k) => k),
      );
    }
    return this.indices;
  }

  private get resting(): Node | undefined {
    return this.until && this.graph.unary('Resting', this.untilNode());
  }

  /** The step until which a neuron rests: given up where its condition no longer holds. */
  private untilNode(): Node {
    const { refractory } = this.model;
    const until = this.graph.array(this.until!);
    if (refractory?.kind !== 'condition') return until;
    return this.graph.binary('And', until, build(refractory.expression, this.meanings(this.takenInputs())));
  }

  /** What came in for this step, which then is 0. */
  private takenInputs(): Map<string, Node> {
    return new Map(this.inputs.map((input) => [input.name, this.graph.unary('Take', this.graph.array(input))]));
  }

  private differentials(): Differential[] {
    const { graph } = this;
    const values = this.takenInputs();
    for (const [name, { address }] of this.jumps) {
      const jump = graph.unary('Take', graph.array({ name: 'jump', address }));
      values.set(name, graph.add(graph.array(this.variables.get(name)!), jump));
    }
    const meanings = this.meanings(values);
    const lines = this.model.lines.filter(({ kind }) => kind === 'differential');
    return lines.map((line) => this.differential(line, build(line.expression!, meanings), values.get(line.name)));
  }

  /** The slope without noise, and what each noise is multiplied by. */
  private differential({ name, at, flags }: ModelLine, whole: Node, x: Node | undefined): Differential {
    const { graph } = this;
    const array = this.variables.get(name)!;
    const old = graph.array(array);
    const zero = graph.constant(0);
    const noises = [...this.noises].flatMap(([noise, normal]) => {
      const gain = slopeOf(graph, whole, normal);
      if (!gain) throw this.model.source.error(at, `d${name}/dt is not linear in ${noise}`);
      return gain === zero ? [] : [{ gain, normal }];
    });
    const normals = new Set(noises.map(({ normal }) => normal));
    const slope = rewritten(graph, whole, (node) => (normals.has(node) ? zero : undefined));
    return { array, name, x: x ?? old, old, slope, noises, unlessRefractory: flags.includes('unless refractory') };
  }

  private system(table: System['table']): System {
    const { graph } = this;
    return {
      graph,
      dt: this.context.dt,
      equations: this.differentials(),
      resting: this.resting,
      isFixed: ({ address }) => this.constantArrays.has(address),
      table,
    };
  }

  /** One number where the coefficients are constants, else an array that is filled before each run. */
  private table(coefficients: readonly Node[], compute: (values: readonly number[]) => number): Node {
    const { arrays, size } = this.context;
    if (coefficients.every(({ operation }) => operation === 'Constant'))
      return this.graph.constant(compute(coefficients.map(({ value }) => value)));
    const array = { name: 'propagator', address: this.context.hidden() };
    const fill = () => {
      const columns = new Map<number, Float64Array>();
      const valueAt = ({ address }: NeuronArray, k: number) => {
        if (!columns.has(address)) columns.set(address, arrays.read(address, size));
        return columns.get(address)![k]!;
      };
      const values = Float64Array.from({ length: size }, (_, k) =>
        compute(coefficients.map((node) => valueOfNode(node, (each) => valueAt(each, k)))),
      );
      arrays.write(array.address, size, values);
    };
    this.tables.push({ array, fill });
    return this.graph.array(array);
  }

  /** The values at t + dt, by the method that was named or chosen. */
  private stepped(system: System): readonly Node[] {
    const method = this.model.method ?? chosenMethod(system);
    const values = stepped(system, method, propagator);
    if (typeof values === 'string')
      throw new RangeError(`${this.context.name}: method ${method}: ${values}; there are ${methods.join(', ')}`);
    return values;
  }

  /** The instruction of a step. */
  private compiled(spikes: number): NeuronInstruction {
    const { graph, model } = this;
    const { equations, ...rest } = this.system((coefficients, compute) => this.table(coefficients, compute));
    const values = this.stepped({ equations, ...rest });
    const roots: Root[] = equations.map(({ array }, i) => ({ array, node: values[i]! }));
    if (model.refractory?.kind === 'condition') roots.push({ array: this.until!, node: this.untilNode() });
    const news = new Map([...this.takenInputs(), ...equations.map(({ name }, i) => [name, values[i]!] as const)]);
    const condition = model.threshold && build(model.threshold, this.meanings(news));
    const update = schedule(graph, byReaders(roots), condition);
    return equationsInstruction(this.places(spikes), update, this.resetSchedule());
  }

  private resetSchedule(): Schedule | undefined {
    const { graph, model } = this;
    if (!model.reset.length) return undefined;
    const values = new Map<string, Node>();
    for (const { name, operator, expression } of model.reset) {
      const old = values.get(name) ?? graph.array(this.variables.get(name)!);
      const x = build(expression, this.meanings(values));
      values.set(name, assigned(graph, operator, old, x));
    }
    const roots = [...values].map(([name, node]) => {
      const array = this.variables.get(name)!;
      return { array, node: graph.choose(graph.spiking, node, graph.array(array)) };
    });
    return schedule(graph, byReaders(roots));
  }

  private places(spikes: number) {
    const { arrays, size, clock, dt } = this.context;
    return { arrays, size, clock, dt, spikes, until: this.until?.address ?? 0, refractory: this.refractory };
  }

  /** What can be said before the first run: whether the method fits, and a step longer than a time constant. */
  private check(): void {
    const { dt, name } = this.context;
    const system = this.system(() => this.graph.constant(1));
    this.stepped(system);
    for (const [i, slope] of ownSlopes(system).entries()) {
      if (slope?.operation !== 'Constant' || !(-slope.value * dt > 1)) continue;
      const time = Number((-1 / slope.value).toPrecision(6));
      throw new RangeError(
        `${name}: the time constant ${time} ms of ${system.equations[i]!.name} is shorter than the step of ${dt} ms`,
      );
    }
  }
}

function assigned(graph: Graph, operator: Statement['operator'], old: Node, x: Node): Node {
  switch (operator) {
    case '=':
      return x;
    case '+=':
      return graph.add(old, x);
    case '-=':
      return graph.subtract(old, x);
    case '*=':
      return graph.multiply(old, x);
    default:
      return graph.divide(old, x);
  }
}

const mapped = (values: PerNeuron, f: (x: number) => number): PerNeuron =>
  typeof values === 'number' ? f(values) : values.map(f);
