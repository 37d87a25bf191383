// The table of the house (docs/architecture.md) as data: what each folder or file may import beside its own.
// `may` is the table's column; `besides` is where the code differs from it, with the reason.
import type { Rule } from './imports.ts';

const kernels = ['assembly/linalg', 'assembly/nn', 'assembly/optim'];
const thinBuilders = ['src/layers', 'src/losses', 'src/optimizers', 'src/initializers', 'src/metrics'];
const operands = 'A kernel reads its operands as the instruction set lays them out.';
const errors = 'Errors, names near to a wrong one, and what the core was generated with are in src/core.';
/** What a user imports, from source or as built. */
const publicApi = [
  'src/index.ts',
  'src/node/index.ts',
  'src/export/index.ts',
  'src/inference/index.ts',
  'src/ops/index.ts',
  'src/node/onnx.ts',
  'src/node/formats.ts',
  'src/data/datasets/index.ts',
  'src/biology/index.ts',
  'src/pictures/index.ts',
  'dist',
];

export const rules: readonly Rule[] = [
  // The core.
  { place: 'assembly/index.ts', may: ['assembly'] },
  {
    place: 'assembly/program.ts',
    may: [...kernels, 'assembly/random.ts'],
    besides: ['assembly/instructions.ts'],
    why: 'It decodes what the instruction set defines.',
  },
  { place: 'assembly/instructions.ts', may: [] },
  { place: 'assembly/lanes.ts', may: [] },
  { place: 'assembly/math.ts', may: ['assembly/lanes.ts'] },
  {
    place: 'assembly/random.ts',
    may: ['assembly/lanes.ts'],
    besides: ['assembly/math.ts', 'assembly/instructions.ts'],
    why: `Normal numbers need log, sine and cosine. ${operands}`,
  },
  {
    place: 'assembly/linalg',
    may: ['assembly/lanes.ts'],
    besides: ['assembly/math.ts', 'assembly/instructions.ts'],
    why: `Elementwise power, and the functions that share its loop, are of math. ${operands}`,
  },
  {
    place: 'assembly/linalg/gemm.ts',
    may: ['assembly/linalg', 'assembly/lanes.ts'],
    besides: ['assembly/nn/activation.ts', 'assembly/instructions.ts'],
    why: `A product ends in an activation: bias and activation are fused into its last store. ${operands}`,
  },
  {
    place: 'assembly/nn',
    may: ['assembly/linalg', 'assembly/math.ts', 'assembly/lanes.ts'],
    besides: ['assembly/instructions.ts', 'assembly/random.ts'],
    why: `${operands} Attention drops weights of a tile that is never stored.`,
  },
  { place: 'assembly/optim', may: ['assembly/lanes.ts'], besides: ['assembly/instructions.ts'], why: operands },
  {
    place: 'assembly/optim/product.ts',
    may: ['assembly/optim', 'assembly/lanes.ts'],
    besides: ['assembly/linalg', 'assembly/instructions.ts'],
    why: `Its gradient is a product, of which it makes a few rows at a time. ${operands}`,
  },
  { place: 'assembly/math64.ts', may: ['assembly/lanes.ts'] },
  {
    place: 'assembly/neuron',
    may: ['assembly/lanes.ts', 'assembly/math.ts', 'assembly/random.ts'],
    besides: ['assembly/math64.ts'],
    why: 'The same functions on doubles.',
  },
  {
    place: 'assembly/probe',
    may: [],
    besides: ['assembly/math.ts', 'assembly/math64.ts'],
    why: 'Compiled by tests alone, to reach functions that no instruction shows by itself.',
  },

  // The host.
  { place: 'src/core', may: [], packages: ['@assemblyscript/loader'] },
  { place: 'src/graph', may: ['src/core'] },
  { place: 'src/data', may: [], besides: ['src/core'], why: 'Errors, and Philox for splits, are in src/core.' },
  { place: 'src/formats', may: ['src/graph'], besides: ['src/core'], why: errors, packages: ['fflate'] },
  {
    place: 'src/formats/onnx',
    may: ['src/graph'],
    besides: [
      'src/core',
      'src/initializers',
      'src/layers',
      'src/model/files.ts',
      'src/model/inference.ts',
      'src/model/model.ts',
      'src/model/sequential.ts',
      'src/model/trace.ts',
    ],
    why: `An opened model owns an instance of the core; where files come from, and the trace of a model that is written, are in src/model; a graph that is trained further is a layer of a model. ${errors}`,
    packages: ['pbf'],
  },
  {
    place: 'src/ops',
    may: [],
    besides: ['src/core', 'src/data', 'src/graph'],
    why: 'Not in the first table: single operations are programs of one node, on tensors.',
  },
  { place: 'src/initializers', may: ['src/graph'], besides: ['src/core'], why: errors },
  { place: 'src/optimizers', may: ['src/graph'], besides: ['src/core'], why: errors },
  { place: 'src/losses', may: ['src/graph'], besides: ['src/core'], why: errors },
  {
    place: 'src/metrics',
    may: ['src/graph'],
    besides: ['src/core', 'src/losses'],
    why: `A metric tells its reading of targets from the loss beside it. ${errors}`,
  },
  {
    place: 'src/layers',
    may: ['src/graph'],
    besides: ['src/core', 'src/initializers'],
    why: `A layer names the initialisers of its parameters. ${errors}`,
  },
  {
    place: 'src/model',
    may: [...thinBuilders, 'src/graph'],
    besides: ['src/core', 'src/data', 'src/formats/safetensors.ts'],
    why: 'A model owns an instance of the core, takes datasets, and saves itself.',
  },
  {
    place: 'src/export',
    may: ['src/graph', 'src/core'],
    besides: ['src/model', 'src/data', 'src/layers'],
    why: 'It exports models, and measures how far they are from what was exported; it checks options as layers do.',
  },
  {
    place: 'src/interchange',
    may: ['src/model', ...thinBuilders, 'src/graph', 'src/core', 'src/data', 'src/formats'],
    packages: ['jsfive', 'h5wasm', 'fflate'],
  },
  {
    place: 'src/inference',
    may: ['src/model', 'src/layers', 'src/core', 'src/data'],
  },
  { place: 'src/learning', may: ['src/model', 'src/graph'], besides: ['src/core'], why: errors },
  {
    place: 'src/pictures',
    may: ['src/model', 'src/graph'],
    besides: ['src/core', 'src/data'],
    why: `Not in the first table: pictures of a model are tensors, and SVG. ${errors}`,
  },
  {
    place: 'src/biology',
    may: ['src/core', 'src/graph'],
    besides: ['src/data/tensor.ts', 'src/biology/conversion', 'src/formats/nir.ts', 'src/formats/nir-shapes.ts'],
    why: 'The conversion of models is a room of its own, whose public names are here. Spikes become the input of an artificial network as a tensor. Networks are built from the description of a NIR file, which neurite/formats reads and writes.',
    packages: ['@assemblyscript/loader'],
  },
  {
    place: 'src/biology/conversion',
    may: ['src/biology', 'src/core', 'src/graph'],
    besides: ['src/data/tensor.ts', 'src/model/model.ts'],
    why: 'A model is converted by what it tells of itself: its type alone is imported, and samples are tensors.',
  },
  {
    place: 'src/index.ts',
    may: [...thinBuilders, 'src/core', 'src/data', 'src/formats', 'src/graph', 'src/model', 'src/learning', 'src/ops'],
  },
  {
    place: 'src/node',
    may: [
      ...thinBuilders,
      'src/core',
      'src/data',
      'src/formats',
      'src/graph',
      'src/model',
      'src/learning',
      'src/inference',
      'src/interchange',
      'src/index.ts',
    ],
    packages: ['node:', 'csv-parse', '@observablehq/plot', 'linkedom'],
  },
  {
    place: 'src/cli',
    may: ['src/node'],
    besides: ['src'],
    why: 'The command takes what it needs from the rooms themselves, and so loads nothing else.',
    packages: ['node:', 'commander', 'cli-progress'],
  },

  // Around them.
  { place: 'reference', may: [] },
  { place: 'test', may: ['*'], packages: ['*'] },
  { place: 'test/browser/pages', may: ['dist'] },
  { place: 'examples', may: publicApi, packages: ['neurite', 'node:'] },
  { place: 'web', may: publicApi, packages: ['neurite'] },
  {
    place: 'bench',
    may: publicApi,
    besides: ['src', 'scripts', 'test/browser', 'test/helpers/tar.ts'],
    why: 'Kernels and programs are measured below the API; timing, cases and tables are those of `neurite bench`. ONNX models are read from the archive of the tests.',
    packages: ['neurite', 'node:', 'assemblyscript', 'esbuild', '@tensorflow'],
  },
  {
    place: 'bench/kernels',
    may: publicApi,
    besides: ['scripts'],
    why: 'It measures the core alone, instruction by instruction, against the register-only loop of src/node/bench.',
    packages: ['node:', 'esbuild'],
  },
];
