// One project for each build of the core (everything that computes runs on all three), one for what
// never touches the core, one for browsers. Node 20 runs relaxed SIMD only behind a flag.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const relaxedFlag = Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
const core = [
  'assembly',
  'core',
  'graph',
  'layers',
  'losses',
  'optimizers',
  'model',
  'learning',
  'ops',
  'onnx',
  'golden',
];
const coreTests = core.map((folder) => `test/${folder}/**/*.test.ts`);
/** The biological module has no relaxed build. */
const biologyTests = ['test/biology/**/*.test.ts'];
const slow = ['test/**/*.slow.test.ts'];
/** `npm run test:fast` leaves the slow suites out. (vitest's --exclude does not reach projects.) */
const leftOut = ['**/node_modules/**', ...(process.env['NEURITE_FAST'] ? slow : [])];

const variantProject = (variant: string) => ({
  test: {
    name: variant,
    include: variant === 'relaxed' ? coreTests : [...coreTests, ...biologyTests],
    // Slow suites are statistics and whole trainings; their kernels are checked on every build, they run on one.
    exclude: variant === 'simd' ? leftOut : [...leftOut, ...slow],
    env: { NEURITE_VARIANT: variant },
    execArgv: relaxedFlag,
    testTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    globalSetup: ['test/setup/build.ts'],
    // Two on two cores, where vitest would take one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      ...['simd', 'relaxed', 'debug'].map(variantProject),
      {
        test: {
          name: 'host',
          include: ['test/**/*.test.ts'],
          exclude: [...coreTests, ...biologyTests, 'test/browser/**', ...leftOut],
          execArgv: relaxedFlag,
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          exclude: leftOut,
          execArgv: relaxedFlag,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // Node runs the very files that the browsers load, untouched by a transform.
          server: { deps: { external: [/\/dist\//, /\/test\/browser\/pages\//] } },
        },
      },
    ],
  },
});
