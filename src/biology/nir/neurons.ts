// NIR's neurons as equations, which are linear and so stepped exactly. Numbers without units, times in seconds.
import { nirArray, type NirNode } from '../../formats/nir.ts';
import { equations } from '../equations/index.ts';
import type { ConstantValue } from '../equations/parse.ts';
import type { NeuronModel } from '../models/model.ts';
import { s } from '../units.ts';

const integrator = 'dv/dt = r*(S + bias)/second : 1\nS : 1 (input)';
const leaky = 'dv/dt = (v_leak - v + r*(S + bias))/tau : 1\nS : 1 (input)';
const withSynapse = `dI/dt = (w_in*(S + bias) - I)/tau_syn : 1
dv/dt = (v_leak - v + r*I)/tau_mem : 1
S : 1 (input)`;

const texts: Readonly<Record<string, string>> = {
  I: integrator,
  IF: integrator,
  LI: leaky,
  LIF: leaky,
  CubaLI: withSynapse,
  CubaLIF: withSynapse,
};

export const isNeuron = ({ type }: NirNode): boolean => Object.hasOwn(texts, type);

/** Whether it spikes. */
export const isSpiking = (node: NirNode): boolean => isNeuron(node) && node.type.endsWith('F');

/** A node's model. @param bias what comes in all the time, for each neuron */
export function modelOf(node: NirNode, bias: Float64Array): NeuronModel {
  const constants: Record<string, ConstantValue> = { bias: oneOrEach(bias) };
  for (const name of Object.keys(node.parameters)) {
    const values = oneOrEach(nirArray(node, name).data);
    if (!name.startsWith('tau')) constants[name] = values;
    else constants[name] = typeof values === 'number' ? s(values) : s.each(values);
  }
  if (node.type.startsWith('Cuba')) constants['w_in'] ??= 1;
  const leak = constants['v_leak'];
  const initial = leak === undefined ? {} : { initial: { v: leak } };
  if (!isSpiking(node)) return equations(texts[node.type]!, { constants, ...initial, method: 'exact' });
  constants['v_reset'] ??= 0;
  const spiking = { threshold: 'v > v_threshold', reset: 'v = v_reset' };
  return equations(texts[node.type]!, { constants, ...spiking, ...initial, method: 'exact' });
}

/** One number where all are the same. */
function oneOrEach(data: Float32Array | Float64Array): number | Float64Array {
  return data.every((x) => x === data[0]) ? data[0]! : Float64Array.from(data);
}
