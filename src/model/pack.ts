// Which pack of the core a topology needs, known before the core is loaded.
import { packFor, type Pack } from '../core/packs.ts';
import type { Topology } from './topology.ts';
import { trace } from './trace.ts';

/** The smallest pack that runs the topology's predictions, and where `trains` its training too. */
export function packOf(topology: Topology, trains: boolean): Pack {
  const traces = trains ? [false, true] : [false];
  const nodes = traces.flatMap((training) => trace(topology, 1, training).graph.nodes);
  return packFor(new Set(nodes.map(({ operation }) => operation)), trains);
}
