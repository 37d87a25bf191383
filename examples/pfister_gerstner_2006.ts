// Triplets of spikes explain how plasticity depends on the rate of pairings (Pfister, Gerstner, J. Neurosci. 26, 2006,
// figure 4; the protocol of Sjöström et al. 2001): sixty pairings at a frequency, the source 10 ms before or after.
// Pairs alone would depress at every frequency when the target is first; triplets potentiate at 40 Hz and more.
import { strict as assert } from 'node:assert';
import {
  connect,
  lif,
  ms,
  mV,
  neuronGroup,
  oneToOne,
  pF,
  pA,
  simulation,
  spikeTimes,
  tripletStdp,
  type PlasticityRule,
} from 'neurite/biology';

const bounds = { minimum: pA(-10), maximum: pA(10) };
const times = { tauPlus: ms(16.8), tauMinus: ms(33.7), tauX: ms(101) };
// visual cortex, all spikes count; weights are relative to the one at the beginning
const full = tripletStdp({
  ...times,
  ...bounds,
  tauY: ms(125),
  a2Plus: pA(5e-10),
  a3Plus: pA(6.2e-3),
  a2Minus: pA(7e-3),
  a3Minus: pA(2.3e-4),
});
const minimal = tripletStdp({
  ...times,
  ...bounds,
  tauY: ms(114),
  a2Plus: pA(0),
  a3Plus: pA(6.5e-3),
  a2Minus: pA(7.1e-3),
  a3Minus: pA(0),
});

/** What sixty pairings at a frequency change, the target's spike `delay` after the source's. */
async function change(rule: PlasticityRule, frequency: number, delay: number): Promise<number> {
  const dt = frequency < 1 ? 1 : 0.5;
  const sim = await simulation({ dt: ms(dt) });
  const pre = Array.from({ length: 60 }, (_, k) => 20 + (k * 1000) / frequency);
  const zeros = pre.map(() => 0);
  const source = spikeTimes(sim, 1, { neurons: zeros, times: ms.each(pre) });
  // a neuron that spikes one step after it is told to
  const driver = spikeTimes(sim, 1, { neurons: zeros, times: ms.each(pre.map((t) => t + delay - dt)) });
  const target = neuronGroup(sim, 1, lif({ capacitance: pF(1), tauMembrane: ms(10), vRest: mV(0), vThreshold: mV(1) }));
  connect(driver, target, { pattern: oneToOne(), receptor: 'v', weight: mV(100) });
  const synapse = connect(source, target, {
    pattern: oneToOne(),
    receptor: 'current',
    weight: pA(0),
    plasticity: rule,
  });
  await sim.run(ms(Math.ceil(pre.at(-1)! + 20)));
  return synapse.weights[0]!;
}

const frequencies = [0.1, 10, 20, 40, 50];
const expected = {
  full: { after: [0, 0.1321, 0.247, 0.5337, 0.7409], before: [-0.3122, -0.3336, -0.3516, 0.1548, 0.7272] },
  minimal: { after: [0, 0.1186, 0.2278, 0.5321, 0.7627], before: [-0.3166, -0.3322, -0.3417, 0.1737, 0.7492] },
};
console.log(`rule     delay   ${frequencies.map((f) => `${f} Hz`.padStart(8)).join('')}`);
for (const [name, rule] of Object.entries({ full, minimal }))
  for (const [order, delay] of [['after', 10] as const, ['before', -10] as const]) {
    const changes = [];
    for (const frequency of frequencies) changes.push(await change(rule, frequency, delay));
    console.log(
      `${name.padEnd(8)} ${String(delay).padStart(3)} ms  ${changes.map((x) => x.toFixed(4).padStart(8)).join('')}`,
    );
    const values = expected[name as 'full' | 'minimal'][order];
    changes.forEach((x, k) =>
      assert.ok(Math.abs(x - values[k]!) < 5e-4, `${name}, ${delay} ms, ${frequencies[k]} Hz: ${x}`),
    );
  }
