// Channels in the membrane of a cable: densities by section, and their places in the core.
import { ChannelKind } from '../../core/generated/neuron-instructions.ts';
import { pow } from '../../core/deterministic.ts';
import { valueOf } from '../checks.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import { celsius, mSPerCm2, mV, type Quantity } from '../units.ts';
import { channelRates } from './hodgkin-huxley.ts';
import type { GroupContext, State } from './model.ts';

/** The densities of a pair of sodium and potassium channels. */
export interface ChannelOptions {
  sodium?: Quantity<'conductance density'>;
  potassium?: Quantity<'conductance density'>;
  sodiumReversal?: Quantity<'voltage'>;
  potassiumReversal?: Quantity<'voltage'>;
}

/** Channels as a section has them: made by `hodgkinHuxleyChannels` or `traubMilesChannels`. */
export interface Channels {
  readonly kind: 'hodgkinHuxley' | 'traubMiles';
  /** In nS/µm². */
  readonly sodium: number;
  readonly potassium: number;
  /** In mV. */
  readonly sodiumReversal: number;
  readonly potassiumReversal: number;
  /** How much faster than at the temperature of their source. */
  readonly speed: number;
  /** What is taken off the potential, in mV. */
  readonly shift: number;
}

function channels(kind: Channels['kind'], options: Required<ChannelOptions>, speed: number, shift: number): Channels {
  const type = `${kind}Channels`;
  const density = (key: 'sodium' | 'potassium') => {
    const value = valueOf(options[key], 'conductance density', `${type}: ${key}`);
    if (value < 0) throw new RangeError(`${type}: ${key}: expected no density below 0, got ${options[key]}`);
    return value;
  };
  return {
    kind,
    speed,
    shift,
    sodium: density('sodium'),
    potassium: density('potassium'),
    sodiumReversal: valueOf(options.sodiumReversal, 'voltage', `${type}: sodiumReversal`),
    potassiumReversal: valueOf(options.potassiumReversal, 'voltage', `${type}: potassiumReversal`),
  };
}

/**
 * The sodium and potassium channels of the squid's axon, as in `hodgkinHuxley`: 120 and 36 mS/cm², 50 and −77 mV, three
 * times as fast for each 10 °C above 6.3 °C.
 * @throws RangeError for a density below 0
 */
export function hodgkinHuxleyChannels(
  options: ChannelOptions & { temperature?: Quantity<'temperature'> } = {},
): Channels {
  const defaults = {
    sodium: mSPerCm2(120),
    potassium: mSPerCm2(36),
    sodiumReversal: mV(50),
    potassiumReversal: mV(-77),
  };
  const what = 'hodgkinHuxleyChannels: temperature';
  const temperature = valueOf(options.temperature ?? celsius(6.3), 'temperature', what);
  return channels('hodgkinHuxley', { ...defaults, ...options }, pow(3, (temperature - 6.3) / 10), 0);
}

/**
 * The sodium and potassium channels of a pyramidal cell, as in `traubMiles`: 100 and 30 mS/cm², 50 and −90 mV; `vShift`
 * moves the potentials at which they open, −63 mV by default.
 * @throws RangeError for a density below 0
 */
export function traubMilesChannels(options: ChannelOptions & { vShift?: Quantity<'voltage'> } = {}): Channels {
  const defaults = {
    sodium: mSPerCm2(100),
    potassium: mSPerCm2(30),
    sodiumReversal: mV(50),
    potassiumReversal: mV(-90),
  };
  const shift = valueOf(options.vShift ?? mV(-63), 'voltage', 'traubMilesChannels: vShift');
  return channels('traubMiles', { ...defaults, ...options }, 1, shift);
}

/** Channels of a node: with the area that they are in, and the potential at which they begin at rest. */
export interface ChannelPlace {
  readonly node: number;
  readonly channels: Channels;
  readonly area: number;
  readonly v: number;
}

/** What the channels of all nodes share in the core. */
export interface ChannelMemory {
  readonly row: number;
  readonly tree: number;
  readonly conductance: number;
  readonly inward: number;
}

/** The channels of one kind, placed. */
export interface PlacedChannels {
  instruction(): NeuronInstruction;
  /** A gate of a node, or undefined where the node has no such channels. */
  gate(name: 'm' | 'h' | 'n', node: number): State | undefined;
}

const gates = ['m', 'h', 'n'] as const;

/** Places the channels of one kind at their nodes. */
export function placeChannels(
  { arrays, dt, name }: GroupContext,
  places: readonly ChannelPlace[],
  memory: ChannelMemory,
): PlacedChannels {
  const count = places.length;
  const bytes = arrays.paddedBytes(count);
  const padded = bytes / arrays.bytes;
  const parameters = arrays.instance.memory.allocate(6 * bytes, name);
  const columns = places.map(({ channels: { sodium, potassium, ...each }, area }) => [
    sodium * area,
    each.sodiumReversal,
    potassium * area,
    each.potassiumReversal,
    dt * each.speed,
    each.shift,
  ]);
  for (let r = 0; r < 6; r++)
    arrays.write(
      parameters + r * bytes,
      count,
      Float64Array.from(columns, (column) => column[r]!),
    );
  // padding has the place of the first node, where it adds nothing
  const offsets = Array.from({ length: padded }, (_, k) => (places[k] ?? places[0]!).node * memory.row);
  const address = Object.fromEntries(
    gates.map((gate) => [gate, arrays.instance.memory.allocate(count * memory.row + 16, name)]),
  ) as Record<(typeof gates)[number], number>;
  places.forEach(({ channels: { kind, shift }, v }, k) => {
    const rates = channelRates(kind, v - shift);
    for (const gate of gates) {
      const [open, close] = rates[gate];
      arrays.write(address[gate] + k * memory.row, memory.row / arrays.bytes, open / (open + close));
    }
  });
  const kind = places[0]!.channels.kind === 'traubMiles' ? ChannelKind.TraubMiles : ChannelKind.HodgkinHuxley;
  const operands = {
    wide: arrays.wide,
    channels: kind,
    count,
    places: arrays.integers(offsets, name),
    parameters,
    m: address.m,
    h: address.h,
    gateN: address.n,
    ...memory,
  };
  const indices = new Map(places.map(({ node }, k) => [node, k]));
  return {
    instruction: () => instruction('CableChannels', operands),
    gate: (gate, node) => {
      const k = indices.get(node);
      return k === undefined ? undefined : { address: address[gate] + k * memory.row, dimension: 'number' };
    },
  };
}
