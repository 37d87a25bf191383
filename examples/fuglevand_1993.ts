// From motor neurons to force (Fuglevand, Winter, Patla, Models of recruitment and rate coding organization in motor-unit
// pools, J. Neurophysiol. 70, 1993): a muscle of 120 motor units, weak and slow ones first (Henneman's size principle).
import { strict as assert } from 'node:assert';
import {
  connect,
  GOhm,
  lif,
  monitor,
  motorPool,
  motorUnits,
  ms,
  muscleForce,
  mV,
  neuronGroup,
  oneToOne,
  pA,
  simulation,
  spikeTimes,
  stimulate,
} from 'neurite/biology';

// one unit: twitches at 5 Hz, a nearly smooth tetanus at 50 Hz
for (const rate of [5, 12, 50]) {
  const sim = await simulation({ dt: ms(0.1) });
  const times = Array.from({ length: rate }, (_, k) => 10 + (1000 / rate) * k);
  const nerve = spikeTimes(sim, 1, { neurons: times.map(() => 0), times: ms.each(times) });
  const unit = neuronGroup(sim, 1, motorUnits({ twitchForce: 1, contractionTime: ms(90) }));
  connect(nerve, unit, { pattern: oneToOne(), weight: 1 });
  const trace = monitor(unit, 'force', { every: ms(20) });
  await sim.run(ms(1000));
  const force = trace.values('force');
  const late = force.slice(25);
  const ripple = 1 - Math.min(...late) / Math.max(...late);
  console.log(`${rate} Hz: up to ${Math.max(...force).toFixed(2)} twitches, ripple ${(100 * ripple).toFixed(0)} %`);
  console.log([...force].map((f) => '▁▂▃▄▅▆▇█'[Math.min(7, Math.floor((8 * f) / 9.1))]).join(''));
  assert.ok(rate === 5 ? ripple > 0.3 : rate < 50 || ripple < 0.1);
}

// the pool: motor neurons of which the larger need the more current
const size = 120;
const pool = motorPool(size);
const sim = await simulation({ dt: ms(0.1) });
const neurons = neuronGroup(
  sim,
  size,
  lif({
    tauMembrane: ms(20),
    resistance: GOhm.each(pool.thresholds.map((x) => 0.1 / x)),
    vRest: mV(-70),
    vThreshold: mV(-55),
    refractory: ms(20),
  }),
);
const model = motorUnits({ twitchForce: pool.twitchForces, contractionTime: pool.contractionTimes });
const muscle = neuronGroup(sim, size, model);
connect(neurons, muscle, { pattern: oneToOne(), weight: 1, delay: ms(10) });

// the drive rises for four seconds and falls again
const seconds = 8;
stimulate(neurons, (t) => pA(1.25 * Math.min(t, 1000 * seconds - t)), { duration: ms(1000 * seconds) });
const spikes = monitor(neurons, 'spikes');
const trace = monitor(muscle, 'force', { every: ms(10) });
await sim.run(ms(1000 * seconds));

const { times, neurons: active } = spikes;
const force = muscleForce(trace);
const top = Math.max(...force);
console.log('\ntime, units active, force');
for (let t = 0; t < seconds; t += 0.5) {
  const busy = new Set(active.filter((_, k) => Math.abs(times[k]! / 1000 - t - 0.25) < 0.25)).size;
  const mean = force.slice(100 * t, 100 * t + 50).reduce((a, b) => a + b, 0) / 50;
  console.log(
    `${t.toFixed(1)} s ${String(busy).padStart(4)} ${mean.toFixed(0).padStart(6)} ${'#'.repeat(Math.round((60 * mean) / top))}`,
  );
}

const first = Array.from({ length: size }, (_, i) => spikes.train(i)[0]!);
const last = Array.from({ length: size }, (_, i) => spikes.train(i).at(-1)!);
assert.ok(
  first.every((t, i) => i === 0 || t >= first[i - 1]!),
  'units are recruited in the order of their size',
);
assert.ok(last[0]! > last[size - 1]!, 'and the largest rest first');
assert.ok(force[395]! > 20 * force[40]!, 'the strong ones come last: force grows faster than the drive');
