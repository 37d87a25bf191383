// A small translator (Vaswani et al., Attention is all you need, 2017): dates as people write them become ISO dates, letter
// by letter. The encoder reads "9 March 2021", the decoder attends to it and writes 2021-03-09, each letter after those
// that it wrote before. One table of letters enters both and leaves the decoder (tied weights, section 3.4).
import { strict as assert } from 'node:assert';
import {
  adam,
  crossEntropy,
  decoder,
  embedding,
  input,
  linearWarmup,
  model as graphModel,
  paddingMask,
  sinusoidalPositions,
  transformerDecoder,
  transformerEncoder,
} from 'neurite';

const months = 'January February March April May June July August September October November December'.split(' ');
const letters = ['', '>', ...new Set(`${months.join('')} ,-0123456789`)];
const [longest, written] = ['September 30, 2034'.length, '2034-09-30'.length];

const codes = (text: string, length: number) => Array.from({ length }, (_, i) => letters.indexOf(text[i] ?? ''));

/** Every day of some years, in one of two ways of writing it. */
function dates(years: readonly number[]) {
  const all = years.flatMap((year) =>
    Array.from({ length: 365 }, (_, day) => {
      const iso = new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, written);
      const [, month, date] = iso.split('-').map(Number) as [number, number, number];
      const name = months[month - 1]!;
      return { iso, text: (year + day) % 2 ? `${date} ${name} ${year}` : `${name} ${date}, ${year}` };
    }),
  );
  return {
    texts: all.map(({ text }) => text),
    isos: all.map(({ iso }) => iso),
    source: all.map(({ text }) => codes(text, longest)),
    // What was written before each letter begins with '>'.
    before: all.map(({ iso }) => codes(`>${iso}`, written)),
    targets: { data: Int32Array.from(all.flatMap(({ iso }) => codes(iso, written))), shape: [all.length, written] },
  };
}

const held = dates([2024]);
const train = dates([2014, 2020, 2022, 2025, 2028, 2034]);

const [source, before] = [input([longest], { dtype: 'int32' }), input([written], { dtype: 'int32' })];
const table = embedding(letters.length, 32, { initializer: { type: 'normal', deviation: 0.2 } });
const mask = paddingMask()(source);
const memory = transformerEncoder(1, 4, { feedForward: 64 })([sinusoidalPositions()(table(source)), mask]);
const steps = transformerDecoder(1, 4, { feedForward: 64 })([sinusoidalPositions()(table(before)), memory, mask]);
const net = await graphModel({ inputs: [source, before], outputs: table(steps), seed: 1 });

const learningRate = linearWarmup({ learningRate: 0.005, steps: 100 });
const { elapsed } = await net.fit(
  { inputs: [train.source, train.before], targets: train.targets },
  { loss: crossEntropy({ labelSmoothing: 0.05 }), optimizer: adam({ learningRate, beta2: 0.98 }), epochs: 12 },
);

// Greedy decoding, all dates of the year held out at once: a step costs what a step costs.
const count = held.source.length;
const decode = decoder(net, { length: written, batchSize: count });
decode.start(held.source);
const answers = Array.from({ length: count }, () => '>');
for (let step = 0; step < written; step++) {
  const scores = decode.next(answers.map((answer) => [letters.indexOf(answer.at(-1)!)]));
  for (let i = 0; i < count; i++) {
    const row = Array.from(scores.data.slice(i * letters.length, (i + 1) * letters.length));
    answers[i] += letters[row.indexOf(Math.max(...row))]!;
  }
}
const right = answers.filter((answer, i) => answer.slice(1) === held.isos[i]).length;
for (const i of [0, 100, 270]) console.log(`${held.texts[i]!.padEnd(longest)} ${answers[i]!.slice(1)}`);
console.log(`${right} of ${count} dates of a year that it has not seen, after ${elapsed.toFixed(1)} s`);
assert.ok(right > 0.95 * count);
