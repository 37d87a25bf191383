// The library as built, in the browsers of the machine, served under a strict policy and without isolation headers.
// The same work runs in Node from the same files of dist/, and the bits are compared.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserKinds, browsersRequired, findBrowser, missingSentence } from './browsers.ts';
import { startServer, type StaticServer } from './server.ts';
import { visit, type Visit } from './visit.ts';

type Library = typeof import('../../src/index.ts');
type Datasets = typeof import('../../src/data/datasets/index.ts');

interface Predictions {
  readonly variant: string;
  readonly single: number[];
  readonly batch: number[];
}

interface Training {
  readonly weights: Record<string, number[]>;
  readonly losses: number[];
  readonly accuracy: number;
}

/** pages/workload.js, which is plain JavaScript: a browser loads it as it stands. */
interface Workload {
  predictions(neurite: Library, digits: unknown, options: object): Promise<Predictions>;
  trainedBits(neurite: Library, digits: unknown): Promise<Training>;
  untrainedModel(neurite: Library, options: object): ReturnType<Library['sequential']>;
  bitsOf(floats: Float32Array): number[];
}

const dist = join(import.meta.dirname, '../../dist');
const importFile = async <T>(path: string): Promise<T> => (await import(/* @vite-ignore */ path)) as T;

/** What Node computes with the same files, once for both browsers. */
let node: { library: Library; workload: Workload; digits: Datasets['digits']; training: Training };
let server: StaticServer;

beforeAll(async () => {
  if (!existsSync(join(dist, 'index.js')))
    throw new Error('browser tests: there is no dist/index.js; run "npm run build" first');
  server = await startServer();
  const library = await importFile<Library>(join(dist, 'index.js'));
  const { digits } = await importFile<Datasets>(join(dist, 'datasets.js'));
  const workload = await importFile<Workload>(join(import.meta.dirname, 'pages/workload.js'));
  node = { library, workload, digits, training: await workload.trainedBits(library, digits) };
});

afterAll(() => server?.close());

const floatsOf = (bits: number[]) => Array.from(new Float32Array(Uint32Array.from(bits).buffer));
const chunksOf = ({ requests }: Visit<unknown>, variant: string) =>
  requests.filter((path) => path.startsWith(`/dist/chunks/${variant}-`));

/** Nothing went wrong in the page, and nothing but the server was asked. */
function expectQuiet({ requests, complaints }: Visit<unknown>): void {
  expect(complaints).toEqual([]);
  expect(requests.filter((path) => !path.startsWith('/'))).toEqual([]);
}

describe.each(browserKinds)('$name', (kind) => {
  const executable = findBrowser(kind);
  if (!executable) {
    const sentence = missingSentence(kind);
    if (browsersRequired()) test(`${kind.name} is installed`, () => expect.fail(sentence));
    else {
      console.log(`browser tests skipped: ${sentence}`);
      test.skip(sentence);
    }
    return;
  }

  let browser: Browser;
  let version = kind.name as string;
  beforeAll(async () => {
    browser = await kind.launch(executable);
    version = await browser.version();
  });
  afterAll(() => browser?.close());

  const run = <T>(name: string, argument?: unknown) => visit<T>(browser, server.origin, name, argument);

  test('the library loads under script-src self wasm-unsafe-eval, without isolation', async () => {
    const visited = await run<{ variant: string; features: { relaxedSimd: boolean } }>('surroundings');
    const variant = visited.value.features.relaxedSimd ? 'relaxed' : 'simd';
    expect(visited.value).toMatchObject({ features: { simd: true }, variant, isolated: false, evaluates: false });
    expect(visited.complaints.filter((text) => !text.includes('script-src') && !/eval/i.test(text))).toEqual([]);
  });

  test('a complaint, a missing file and a foreign address would be seen', async () => {
    const { value, complaints } = await run<object>('trespass');
    expect(value).toEqual({ blocked: 'TypeError', missing: 'TypeError' });
    expect(complaints).toContain('console: a complaint');
    expect(complaints.join('\n')).toMatch(/policy: connect-src: http:\/\/127\.0\.0\.1:1/);
    expect(complaints.join('\n')).toContain('no-such-file.js');
  });

  test('one neuron activates', async () => {
    const visited = await run<number>('neuron');
    expect(visited.value).toBeCloseTo(4.24, 12);
    expectQuiet(visited);
  });

  test('the plain variant predicts the bits that Node predicts, and fetches no other variant', async () => {
    const options = { deterministic: true };
    const visited = await run<Predictions>('predict', options);
    expect(visited.value).toEqual(await node.workload.predictions(node.library, node.digits, options));
    expect(visited.value.variant).toBe('simd');
    expect(chunksOf(visited, 'simd')).toHaveLength(1);
    expect([...chunksOf(visited, 'relaxed'), ...chunksOf(visited, 'debug')]).toEqual([]);
    expectQuiet(visited);
  });

  test('the relaxed variant predicts what Node predicts to 1e-5, and fetches no other variant', async ({ skip }) => {
    const { value } = await run<{ features: { relaxedSimd: boolean } }>('surroundings');
    if (!value.features.relaxedSimd) skip(`${version} has no relaxed SIMD`);
    const visited = await run<Predictions>('predict', { variant: 'relaxed' });
    const variant = node.library.engineFeatures().relaxedSimd ? 'relaxed' : 'simd';
    const expected = await node.workload.predictions(node.library, node.digits, { variant });
    for (const path of ['single', 'batch'] as const) expectClose(visited.value[path], expected[path]);
    const isSame = JSON.stringify(visited.value.batch) === JSON.stringify(expected.batch);
    console.log(`${version}, relaxed: ${isSame ? 'the same bits as' : 'other bits than'} Node's ${variant} variant`);
    expect(chunksOf(visited, 'relaxed')).toHaveLength(1);
    expect([...chunksOf(visited, 'simd'), ...chunksOf(visited, 'debug')]).toEqual([]);
    expectQuiet(visited);
  });

  test('a training run on the digits ends in the weights of Node, bit for bit', async () => {
    const visited = await run<Training>('trainDeterministic');
    expect(visited.value).toEqual(node.training);
    expect(Object.keys(visited.value.weights)).toHaveLength(6);
    expect(visited.value.accuracy).toBeGreaterThan(0.9);
    expect(chunksOf(visited, 'relaxed')).toEqual([]);
    expectQuiet(visited);
  });

  test('a model goes to bytes and comes back, from bytes and from a URL', async () => {
    const model = await node.workload.untrainedModel(node.library, { deterministic: true });
    server.publish('/model.safetensors', model.toBytes());
    const input = Array.from({ length: 64 }, (_, i) => (i % 17) / 16);
    const visited = await run<{ outputs: number[][]; bytes: number[]; refused: string }>('files', {
      url: '/model.safetensors',
      input: [input],
    });
    const expected = node.workload.bitsOf(model.predict([input]).data as Float32Array);
    expect(visited.value.outputs).toEqual([expected, expected, expected, expected]);
    expect(visited.value.bytes).toEqual(Array.from(model.toBytes()));
    expect(visited.value.refused).toContain('model.save: there is no file system here');
    expectQuiet(visited);
  });

  test('a .keras file of Node opens in the page, and is written there', async () => {
    const model = await node.workload.untrainedModel(node.library, { deterministic: true });
    const { toKeras } = await importFile<typeof import('../../src/interchange/index.ts')>(join(dist, 'formats.js'));
    server.publish('/model.keras', await toKeras(model));
    const input = Array.from({ length: 64 }, (_, i) => (i % 17) / 16);
    const visited = await run<number[][]>('kerasFile', { url: '/model.keras', input: [input] });
    const expected = node.workload.bitsOf(model.predict([input]).data as Float32Array);
    expect(visited.value).toEqual([expected, expected]);
    expectQuiet(visited);
  });

  test('a network is exported in the page as in Node, and both files run there', async () => {
    const model = await node.workload.untrainedModel(node.library, { deterministic: true });
    const { exportModule } = await importFile<typeof import('../../src/export/index.ts')>(join(dist, 'export.js'));
    const { javascript, modules } = await exportModule(model);
    server.publish('/net.js', new TextEncoder().encode(javascript));
    const input = Array.from({ length: 64 }, (_, i) => (i % 17) / 16);
    const visited = await run<{ bytes: number[]; own: number[]; variant: string; fromNode: number[] }>('exported', {
      url: '/net.js',
      input,
    });
    const expected = model.predict([input]).data as Float32Array;
    expect(visited.value.bytes).toEqual(Array.from(modules.simd!.bytes));
    expect(visited.value.own).toEqual(node.workload.bitsOf(expected));
    visited.value.fromNode.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expectQuiet(visited);
  });

  test('neurite/ops loads and computes', async () => {
    const visited = await run<{ variant: string; dot: number; softmax: number[] }>('operations');
    expect(visited.value.dot).toBeCloseTo(2.24, 6);
    expect(visited.value.softmax).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(chunksOf(visited, visited.value.variant)).toHaveLength(1);
    expectQuiet(visited);
  });

  test('neurite/datasets loads, and without the core', async () => {
    const visited = await run<object>('shippedDatasets');
    const expected = { digits: [1797, 64], split: [360, 64], iris: [expect.any(Number), 4] };
    expect(visited.value).toEqual(expected);
    expect(['simd', 'relaxed', 'debug'].flatMap((variant) => chunksOf(visited, variant))).toEqual([]);
    expectQuiet(visited);
  });

  test('an AbortSignal stops fit, and the page stays alive meanwhile', async () => {
    const visited = await run<{
      reason: string;
      frames: number;
      reports: number;
      elapsed: number;
      predicted: number[];
    }>('abort');
    const { reason, frames, reports, elapsed, predicted } = visited.value;
    expect(reason).toBe('AbortError');
    expect(elapsed).toBeLessThan(10_000);
    expect(frames).toBeGreaterThanOrEqual(5);
    expect(reports).toBeGreaterThanOrEqual(5);
    expect(predicted).toEqual([360, 10]);
    expectQuiet(visited);
  });
});

function expectClose(actual: number[], expected: number[]): void {
  const [a, b] = [floatsOf(actual), floatsOf(expected)];
  expect(a).toHaveLength(b.length);
  const error = Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
  expect(error).toBeLessThanOrEqual(1e-5);
}
