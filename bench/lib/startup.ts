// Start-up: Node starts, imports the library, builds 2-8-1, predicts once and exits; the clock runs from spawn to exit.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { networkWeights, networks } from '../../src/node/bench/networks.ts';
import { statistics, type Statistics } from '../../src/node/bench/statistics.ts';
import { denseModel } from './onnx.ts';

export interface StartUp extends Statistics {
  readonly name: string;
  readonly samples: readonly number[];
}

export interface StartUpProgram {
  readonly name: string;
  readonly text: string;
}

export const emptyProgram: StartUpProgram = { name: 'an empty program', text: '' };

export const ourProgram = (root: string): StartUpProgram => ({
  name: 'neurite',
  text: `import { dense, sequential } from ${JSON.stringify(pathToFileURL(join(root, 'dist/node.js')).href)};
const model = await sequential([dense(8, { activation: 'sigmoid' }), dense(1, { activation: 'sigmoid' })], { inputShape: [2] });
console.log(model.predict([[0, 1]]).data[0]);`,
});

/** The peers' programs; ONNX Runtime reads its network from a file, as it must. @param folder where they are written */
export function peerPrograms(folder: string): StartUpProgram[] {
  const layers = networkWeights(networks['2-8-1']!).map((weights) => ({ ...weights, activation: 'sigmoid' as const }));
  const path = join(folder, 'tiny.onnx');
  writeFileSync(path, denseModel(layers, 1));
  return [
    {
      name: 'ORT Web',
      text: `import ort from 'onnxruntime-web';
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(${JSON.stringify(path)});
const { out } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(0, 1), [1, 2]) });
console.log(out.data[0]);
process.exit(0);`,
    },
    {
      name: 'TensorFlow.js wasm',
      text: `import tf from '@tensorflow/tfjs-core';
import layersPackage from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
await tf.setBackend('wasm');
const { sequential, layers } = layersPackage;
const model = sequential({ layers: [layers.dense({ units: 8, activation: 'sigmoid', inputShape: [2] }), layers.dense({ units: 1, activation: 'sigmoid' })] });
console.log(model.predict(tf.tensor2d([[0, 1]])).dataSync()[0]);
process.exit(0);`,
    },
    {
      name: 'jax-js',
      text: `import { init, jit, nn, numpy as np } from '@jax-js/jax';
await init('wasm');
const layer = (x, w, b) => nn.sigmoid(np.matmul(x, w).add(b));
const predict = jit((x, w1, b1, w2, b2) => layer(layer(x, w1, b1), w2, b2));
console.log(predict(np.array([[0, 1]]), np.ones([2, 8]), np.zeros([8]), np.ones([8, 1]), np.zeros([1])).dataSync()[0]);`,
    },
    {
      name: 'brain.js',
      text: `import brain from 'brain.js';
const net = new brain.NeuralNetwork({ hiddenLayers: [8] });
net.sizes = [2, 8, 1];
net.initialize();
console.log(net.run([0, 1])[0]);`,
    },
    {
      name: 'synaptic',
      text: `import synaptic from 'synaptic';
console.log(new synaptic.Architect.Perceptron(2, 8, 1).activate([0, 1])[0]);`,
    },
  ];
}

/** Seconds from spawn to exit. @throws Error when the program fails, or prints no number (but for the empty one) */
function once(node: string, path: string, isEmpty: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(node, [path], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (text) => (output += String(text)));
    child.stderr.on('data', (text) => (errors += String(text)));
    let seconds = 0;
    child.on('exit', () => (seconds = (performance.now() - start) / 1000));
    child.on('error', reject);
    child.on('close', (code) => {
      const isRight = code === 0 && (isEmpty || Number.isFinite(Number.parseFloat(output.trim().split('\n').at(-1)!)));
      if (isRight) resolve(seconds);
      else reject(new Error(`it ended with code ${code}, printing "${output.trim()}" ${errors.trim().slice(-300)}`));
    });
  });
}

/** Starts every program in turns. @param folder where the programs are written and find their packages */
export async function measureStartUps(
  programs: readonly StartUpProgram[],
  { node, folder, rounds }: { node: string; folder: string; rounds: number },
): Promise<{ results: StartUp[]; failures: Record<string, string> }> {
  const failures: Record<string, string> = {};
  const runs = programs.map(({ name, text }, i) => {
    const path = join(folder, `start-up-${i}.mjs`);
    writeFileSync(path, text);
    return { name, path, isEmpty: text === '', samples: [] as number[] };
  });
  // The first round warms the file system and does not count.
  for (let round = -1; round < rounds; round++)
    for (const run of runs) {
      if (failures[run.name]) continue;
      try {
        const seconds = await once(node, run.path, run.isEmpty);
        if (round >= 0) run.samples.push(seconds);
      } catch (error) {
        failures[run.name] = (error as Error).message;
      }
    }
  const results = runs
    .filter(({ name }) => !failures[name])
    .map(({ name, samples }) => ({ name, samples, ...statistics(samples) }));
  return { results, failures };
}
