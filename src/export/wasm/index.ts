// Tools on WebAssembly modules: parse, shake, write. No dependency; for browsers, Node and build scripts alike.
export { parseModule, writeModule, constantOf, type WasmModule } from './module.ts';
export { shake, type ShakeOptions } from './shake.ts';
export { specialize, type SpecializeOptions } from './specialize.ts';
