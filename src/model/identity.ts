// What tells one compiled function from another across models: models of the same topology that are asked for the same
// thing share what was compiled (compiled.ts), and only their addresses differ.
import { topologyToJSON, type Topology } from './topology.ts';

const functionNumbers = new WeakMap<object, number>();
let functions = 0;

/** A number that no other function has: two functions of the same text may differ in what they enclose. */
function numberOf(value: object): number {
  let number = functionNumbers.get(value);
  if (number === undefined) functionNumbers.set(value, (number = ++functions));
  return number;
}

/** JSON in which functions are told apart, and the numbers that JSON does not have. */
export const exactly = (_name: string, value: unknown): unknown => {
  if (typeof value === 'function') return `function ${numberOf(value)}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `number ${value}`;
  return value;
};

const topologies = new WeakMap<Topology, string>();

/** A text that two topologies share only if they trace to the same graph. */
export function topologyIdentity(topology: Topology): string {
  let identity = topologies.get(topology);
  if (identity === undefined) topologies.set(topology, (identity = JSON.stringify(topologyToJSON(topology), exactly)));
  return identity;
}
