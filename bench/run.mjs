// Runs one of the benchmarks, which are TypeScript: bundled with the library's sources into build/bench, then imported.
//   node bench/run.mjs alone [--quick]     node bench/run.mjs peers [--quick]     node bench/run.mjs browser [--quick]
import { pathToFileURL } from 'node:url';
import { buildCore } from '../scripts/build-core.mjs';
import { bundle } from './lib/bundle.mjs';

await buildCore();
const [name, ...rest] = process.argv.slice(2);
process.argv = [process.argv[0], await bundle(name), ...rest];
await import(pathToFileURL(process.argv[1]).href);
