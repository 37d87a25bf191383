// A simulation: neurons, connections and monitors on one clock, whose step is a program in the core.
// Order of a step from t to t + dt:
//   1. plasticity and delivery: the spikes that arrive at t are added to receptors
//   2. monitors of states see the state at t, spikes that arrived at t included
//   3. currents given from outside and noise, receptors, membranes, thresholds and resets: the state at t + dt; a spike
//      found there has the time t + dt and, with a delay d, arrives at t + dt + d
//   4. monitors of spikes see the spikes of time t + dt
import { DivergenceError, NeuriteError } from '../core/errors.ts';
import { seedWords } from '../core/philox.ts';
import { Arrays, type Precision } from './arrays.ts';
import { loadNeuronModule, NeuronInstance } from './core.ts';
import type { NeuronGroup } from './group.ts';
import { instruction, placeProgram, type NeuronInstruction, type PlacedProgram } from './program.ts';
import { positive } from './checks.ts';
import { type Time, ms } from './units.ts';

/** How a simulation is made. */
export interface SimulationOptions {
  /** The step. */
  dt: Time;
  /** Fixes every random number. */
  seed?: number;
  /** Of states and weights: float64 by default; float32 is twice as fast and half as large. */
  precision?: Precision;
}

/** What `run` may be told. */
export interface RunOptions {
  /** Called after every interval. */
  onProgress?: (progress: { time: Time; fraction: number }) => void;
  /** Stops the run between two intervals: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** The interval; a hundredth of the run by default. Without `onProgress` and `signal` a run is one call. */
  interval?: Time;
}

/** Something that takes part in steps. */
interface Part {
  instructions(): NeuronInstruction[];
}

/** A part that keeps what it sees. */
interface Recorder extends Part {
  /** Takes what the core has written; a promise where its writer has to be waited for. */
  drain(): void | Promise<void>;
  /** @throws NeuriteError where it would keep more than it may in so many steps */
  mustHaveRoom(steps: number): void;
  readonly record: unknown;
  restore(record: unknown): void;
}

/** The state of a simulation and what its monitors have kept, for `restore`. */
export interface Snapshot {
  /** How often the simulation had been changed. */
  readonly version: number;
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly records: readonly unknown[];
}

/** @internal what the parts of a simulation share */
export interface SimulationParts {
  readonly arrays: Arrays;
  readonly seed: number;
  readonly dt: number;
  readonly clock: number;
  readonly groups: NeuronGroup[];
  /** By the order in a step. */
  readonly deliveries: Part[];
  readonly observers: Recorder[];
  readonly inputs: Part[];
  readonly recorders: Recorder[];
  nextStream(): number;
  /** Steps of a time. @throws RangeError when it is not a whole number of steps */
  steps(time: number, what: string): number;
  /** @throws Error when the simulation has run */
  mustBeNew(what: string): void;
  /** The program is made anew before the next run. */
  changed(): void;
  /** The steps done. */
  step(): number;
  diverged(group: NeuronGroup, address: number): never;
}

const partsBySimulation = new WeakMap<Simulation, SimulationParts>();

/** @internal */
export function simulationParts(simulation: Simulation): SimulationParts {
  const parts = partsBySimulation.get(simulation);
  if (!parts) throw new TypeError(`expected a simulation, got ${String(simulation)}`);
  return parts;
}

/** Made by `simulation`. */
export class Simulation {
  readonly dt: Time;
  readonly seed: number;
  readonly precision: Precision;
  private readonly parts: SimulationParts;
  private program: PlacedProgram | undefined;
  private readonly stops = new Map<number, () => void | Promise<void>>();
  private running = false;
  private begun = false;
  private version = 0;
  private failure: Error | undefined;

  /** @internal */
  constructor(module: WebAssembly.Module, options: SimulationOptions) {
    const { dt, seed = 0, precision = 'float64' } = options;
    if (precision !== 'float32' && precision !== 'float64')
      throw new RangeError(`simulation: expected precision float32 or float64, got ${String(precision)}`);
    this.dt = dt;
    this.seed = seed;
    this.precision = precision;
    this.parts = this.makeParts(module, positive(dt, 'time', 'simulation: dt'), seedWords(seed));
    partsBySimulation.set(this, this.parts);
  }

  /** The time that was simulated. */
  get time(): Time {
    return ms(this.parts.step() * this.parts.dt);
  }

  /** The bytes of memory that it holds. */
  get memory(): number {
    return this.parts.arrays.instance.memory.bytes;
  }

  /**
   * Simulates a time further.
   * @throws RangeError when it is no whole number of steps; NeuriteError, before anything is done, where a monitor would
   *   keep more than it may; DivergenceError when a state is no longer finite, naming
   *   group, neuron and time; the signal's reason when it was aborted
   */
  async run(duration: Time, options: RunOptions = {}): Promise<void> {
    const { onProgress, signal, interval } = options;
    const { parts } = this;
    const steps = parts.steps(positive(duration, 'time', 'run'), 'run');
    const watched = onProgress !== undefined || signal !== undefined;
    const every =
      interval === undefined
        ? Math.ceil(steps / 100)
        : parts.steps(positive(interval, 'time', 'run: interval'), 'run: interval');
    if (this.running) throw new NeuriteError('run: the simulation is running; wait for the run before');
    for (const recorder of this.allRecorders) recorder.mustHaveRoom(steps);
    const part = watched ? Math.max(1, every) : steps;
    this.running = true;
    try {
      for (let done = 0; done < steps;) {
        signal?.throwIfAborted();
        const next = Math.min(part, steps - done);
        await this.advance(next);
        done += next;
        if (!watched) continue;
        onProgress?.({ time: this.time, fraction: done / steps });
        if (done < steps) await nextTask();
      }
    } finally {
      this.running = false;
    }
  }

  private get allRecorders(): readonly Recorder[] {
    return [...this.parts.observers, ...this.parts.recorders];
  }

  /** The whole state, to go on from later to the same bits; what the monitors have kept is in it. */
  snapshot(): Snapshot {
    this.prepare();
    const { memory } = this.parts.arrays.instance;
    const records = this.allRecorders.map(({ record }) => record);
    return { version: this.version, memory: memory.bytesAt(0, memory.bytes).slice(), records };
  }

  /**
   * Goes back to a snapshot of this simulation.
   * @throws RangeError when something was added to it since
   */
  restore(snapshot: Snapshot): void {
    if (snapshot.version !== this.version)
      throw new RangeError('restore: the simulation was changed after the snapshot was taken');
    this.parts.arrays.instance.memory.bytesAt(0, snapshot.memory.length).set(snapshot.memory);
    this.allRecorders.forEach((recorder, i) => recorder.restore(snapshot.records[i]));
    this.failure = undefined;
  }

  /** Makes the program of a step, with the stops at which the host has something to do. */
  private prepare(): PlacedProgram {
    const { groups, deliveries, observers, inputs, recorders, clock, arrays } = this.parts;
    if (this.program) return this.program;
    this.begun = true;
    const all = [
      ...deliveries.flatMap((each) => each.instructions()),
      ...observers.flatMap((each) => each.instructions()),
      ...groups.flatMap((each) => each.checks()),
      ...inputs.flatMap((each) => each.instructions()),
      ...groups.flatMap((each) => each.instructions()),
      ...recorders.flatMap((each) => each.instructions()),
    ];
    this.program = placeProgram(arrays.instance, all, (start) => instruction('Next', { clock, start }));
    this.stops.clear();
    all.forEach(({ onStop }, i) => onStop && this.stops.set(this.program!.addresses[i]!, onStop));
    return this.program;
  }

  /** So many steps in one call, or in a few where monitors have to be emptied. */
  private async advance(steps: number): Promise<void> {
    const { address, addresses } = this.prepare();
    const { arrays, clock } = this.parts;
    const { instance } = arrays;
    const end = this.parts.step() + steps;
    if (this.failure) throw new NeuriteError('run: the simulation stopped in an earlier run', { cause: this.failure });
    if (end >= 2 ** 31) throw new RangeError(`run: more than 2^31 steps in all`);
    instance.memory.u32[clock / 4 + 1] = end;
    try {
      for (let at = address; (at = instance.run(at)) !== addresses.at(-1);) {
        const waiting = this.stops.get(at)!();
        if (waiting) await waiting;
      }
      for (const recorder of this.allRecorders) {
        const waiting = recorder.drain();
        if (waiting) await waiting;
      }
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  private makeParts(module: WebAssembly.Module, dt: number, seedParts: readonly [number, number]): SimulationParts {
    const arrays = new Arrays(new NeuronInstance(module), this.precision);
    const { memory } = arrays.instance;
    const clock = memory.allocate(16, 'clock');
    memory.u32.set([0, 0, ...seedParts], clock / 4);
    let stream = 0;
    const step = () => memory.u32[clock / 4]!;
    return {
      arrays,
      seed: this.seed,
      dt,
      clock,
      groups: [],
      deliveries: [],
      observers: [],
      inputs: [],
      recorders: [],
      nextStream: () => stream++,
      step,
      steps: (time, what) => wholeSteps(time, dt, what),
      mustBeNew: (what) => {
        if (this.begun)
          throw new RangeError(`${what}: the simulation has run already; build it whole before its first run`);
      },
      changed: () => {
        this.version++;
        if (this.program) memory.release(this.program.address);
        this.program = undefined;
      },
      diverged: (group, address) => {
        const values = arrays.read(address, group.size);
        const neuron = values.findIndex((x) => !Number.isFinite(x));
        const time = ms(step() * dt);
        throw new DivergenceError(
          `${group.name}: ${group.nameOf(address)} of neuron ${neuron} is ${values[neuron]} at ${time}; a smaller step may help`,
        );
      },
    };
  }
}

/** A time in steps. */
function wholeSteps(time: number, dt: number, what: string): number {
  const steps = Math.round(time / dt);
  if (Math.abs(time / dt - steps) > 1e-6 * Math.max(1, steps))
    throw new RangeError(`${what}: ${time} ms is not a whole number of steps of ${dt} ms`);
  return steps;
}

/** Lets the page or the process do its other work. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const done = () => {
      port1.close();
      resolve();
    };
    port1.addEventListener('message', done, { once: true });
    port1.start();
    port2.postMessage(0);
  });
}

/**
 * A new simulation, empty and at time 0.
 * @throws TypeError or RangeError for a step, seed or precision that it cannot take; UnsupportedEngineError without SIMD
 */
export async function simulation(options: SimulationOptions): Promise<Simulation> {
  return new Simulation(await loadNeuronModule(), options);
}
