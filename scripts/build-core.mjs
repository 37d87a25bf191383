// Compiles the numeric core in its variants and writes what the host reads of it:
//   build/<variant>.wasm                         the modules
//   src/core/generated/<variant>-<pack>.ts       the bytes of their parts (src/core/packs.ts), embedded
//   src/core/generated/debug.ts, neuron-….ts     the bytes of those that are not cut
//   src/core/generated/instructions.ts           the instruction set, from assembly/instructions.ts
//   src/core/generated/neuron-instructions.ts    that of the biological module, from assembly/neuron/instructions.ts
// What was compiled before from the same sources is taken from node_modules/.cache. `--force` compiles all the same.
// For working on a kernel, never for a benchmark: NEURITE_CORE=quick leaves the optimizer out (a tenth of the time), and
// NEURITE_BUILDS=simd,neuron-simd compiles those alone and leaves the others as they are.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { instructionTable } from './instruction-table.mjs';
import { cache, hashOf, importTypeScript, root, writeIfChanged, writeWhole } from './files.mjs';

const allVariants = ['simd', 'relaxed', 'debug', 'neuron-simd', 'neuron-debug'];
const variants = process.env.NEURITE_BUILDS?.split(',') ?? allVariants;
/** Those that are cut into packs. */
const cutVariants = ['simd', 'relaxed'];
/** The biological kernels are a module of their own, which only `neurite/biology` loads (docs/adr/0005). */
const entryOf = (variant) => (variant.startsWith('neuron-') ? 'assembly/neuron/index.ts' : 'assembly/index.ts');
const instructionSets = {
  instructions: 'assembly/instructions.ts',
  'neuron-instructions': 'assembly/neuron/instructions.ts',
};
const generated = join(root, 'src/core/generated');
const compiler = join(root, 'node_modules/assemblyscript');
const quickOptions = process.env.NEURITE_CORE === 'quick' ? ['--optimizeLevel', '0', '--shrinkLevel', '0'] : [];

/** A name for the sources of a variant: the same text, options and compiler give the same module. */
function sourceHash(variant) {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'assembly'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => variant.startsWith('neuron-') || !file.startsWith('assembly/neuron/'))
    .toSorted();
  for (const file of [...files, 'asconfig.json']) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  hash.update(JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')).version);
  hash.update(quickOptions.join(' '));
  return hash.digest('hex').slice(0, 20);
}

async function compile(variant, cached) {
  // Written under a name of its own first: another build may be reading the cache.
  const temporary = `${cached}.${process.pid}`;
  const options = [entryOf(variant), '--target', variant, '--outFile', temporary, ...quickOptions];
  await promisify(execFile)(process.execPath, [join(compiler, 'bin/asc.js'), ...options], { cwd: root }).catch(
    (error) => {
      throw new Error(`asc failed for "${variant}":\n${error.stderr || error.message}`);
    },
  );
  renameSync(temporary, cached);
}

/** The packs and the tools that cut them, bundled once the instruction table is there. */
let parts;

/** Returns whether anything had to be compiled. */
async function provide(variant, hash, force) {
  const cached = join(cache, `${hash}-${variant}.wasm`);
  const compiled = force || !existsSync(cached);
  if (compiled) await compile(variant, cached);
  const path = join(root, 'build', `${variant}.wasm`);
  const bytes = readFileSync(cached);
  if (!existsSync(path) || !readFileSync(path).equals(bytes)) copyFileSync(cached, path);
  if (cutVariants.includes(variant)) await cut(variant, bytes);
  else embed(variant, bytes);
  return compiled;
}

/** The module of each pack: `run` and the handlers of its instructions, and what those need. */
async function cut(variant, bytes) {
  const { hash, module } = await parts;
  const read = (pack) => join(cache, `${hashOf(bytes, hash)}-${pack}.wasm`);
  const missing = Object.keys(module.packs).filter((pack) => !existsSync(read(pack)));
  const parsed = missing.length ? module.parseModule(bytes) : null;
  for (const pack of missing) writeWhole(read(pack), cutPack(module, parsed, module.packs[pack]) ?? bytes);
  for (const pack of Object.keys(module.packs)) embed(`${variant}-${pack}`, readFileSync(read(pack)));
}

/** Null where the pack is the whole. */
function cutPack({ constantOf, Opcode, shake, writeModule }, parsed, opcodes) {
  if (opcodes.length === Object.keys(Opcode).length) return null;
  const handlers = parsed.globals[parsed.exports.find(({ name }) => name === 'handlers').index];
  const kept = new Set(opcodes.map((name) => Opcode[name]));
  return writeModule(
    shake(parsed, { exports: ['run', 'heapBase', 'handlers'], dispatch: new Map([[constantOf(handlers), kept]]) }),
  );
}

/** Writes the bytes as a module of JavaScript, unless it is there: its first line names them. */
function embed(name, bytes) {
  const path = join(generated, `${name}.ts`);
  const title = `// Generated by scripts/build-core.mjs from assembly/: each character is a byte plus ${offset} (docs/adr/0004). ${hashOf(bytes)}\n`;
  if (existsSync(path) && startOf(path, title.length) === title) return;
  writeIfChanged(path, `${title}export default '${encode(bytes)}';\n`);
}

function startOf(path, length) {
  const file = openSync(path);
  const start = Buffer.alloc(length);
  readSync(file, start);
  closeSync(file);
  return start.toString();
}

/**
 * The bytes as the characters 48 to 303: no control characters and nothing else that a bundler would escape but the
 * backslash. gzip makes a third less of it than of base64, whose letters do not keep to the bytes' boundaries.
 */
const offset = 48;
const encode = (bytes) =>
  Buffer.from(Uint16Array.from(bytes, (byte) => byte + offset).buffer)
    .toString('utf16le')
    .replaceAll('\\', '\\\\');

export async function buildCore({ force = false } = {}) {
  mkdirSync(join(root, 'build'), { recursive: true });
  mkdirSync(cache, { recursive: true });
  for (const [name, path] of Object.entries(instructionSets))
    writeIfChanged(join(generated, `${name}.ts`), instructionTable(readFileSync(join(root, path), 'utf8'), path));
  parts = importTypeScript('scripts/core-parts.ts');
  const compiled = await Promise.all(variants.map((variant) => provide(variant, sourceHash(variant), force)));
  return variants.filter((_, i) => compiled[i]);
}

if (process.argv[1] === import.meta.filename) {
  const built = await buildCore({ force: process.argv.includes('--force') });
  console.log(built.length ? `core: compiled ${built.join(', ')}` : 'core: up to date');
}
