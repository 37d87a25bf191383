// What build-core.mjs needs of the library's sources: the packs, and the tools that cut a module to them.
export { Opcode } from '../src/core/generated/instructions.ts';
export { packs } from '../src/core/packs.ts';
export { constantOf, parseModule, writeModule } from '../src/export/wasm/module.ts';
export { shake } from '../src/export/wasm/shake.ts';
