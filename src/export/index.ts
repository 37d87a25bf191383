// `neurite/export`: a trained network as one WebAssembly module, or as an ES module around it. For browsers and Node.
export { exportModule, type ModuleExport, type ModuleOptions } from './export-module.ts';
export { exportWasm, type WasmExport, type WasmOptions, type WasmPort } from './export-wasm.ts';
export type { WeightError } from './error.ts';
export type { WeightFormat } from './layout.ts';
export type { WasmModules, WasmVariant } from './wrapper.ts';
