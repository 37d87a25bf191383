// `exportModule`: a network as an ES module around its WebAssembly, with its types.
import { unknownName } from '../core/nearest.ts';
import type { InferenceModel } from '../model/inference.ts';
import { exportWasm, wasmOptionNames, type WasmOptions } from './export-wasm.ts';
import { wrapperText, wrapperTypes, type WasmModules, type WasmVariant } from './wrapper.ts';

export interface ModuleOptions extends Omit<WasmOptions, 'variant'> {
  /** The builds that are written; both by default, of which the module takes the faster one that the engine has. */
  readonly variants?: readonly WasmVariant[];
  /** Whether the WebAssembly is in the JavaScript; true by default. Else `load` is given it. */
  readonly embed?: boolean;
}

export interface ModuleExport {
  /** The text of the ES module. */
  readonly javascript: string;
  /** The text of its declarations, for a `.d.ts` beside it. */
  readonly types: string;
  /** The modules of WebAssembly in it. */
  readonly modules: WasmModules;
}

/**
 * A model as an ES module that runs in browsers, workers, Node, Deno, Bun and edge functions, without any package.
 * @example const { javascript } = await exportModule(model);
 * @throws as `exportWasm`
 */
export async function exportModule(model: InferenceModel, options: ModuleOptions = {}): Promise<ModuleExport> {
  const { variants = ['simd', 'relaxed'], embed = true, ...rest } = options;
  for (const name of Object.keys(rest))
    if (name === 'variant' || !wasmOptionNames.includes(name))
      throw unknownName('option of exportModule', name, ['variants', 'embed', ...wasmOptionNames]);
  if (!Array.isArray(variants) || variants.length === 0)
    throw new TypeError('exportModule: expected a list of at least one variant');
  if (typeof embed !== 'boolean')
    throw new TypeError(`exportModule: expected embed true or false, got ${String(embed)}`);
  const modules: Partial<Record<WasmVariant, Awaited<ReturnType<typeof exportWasm>>>> = {};
  for (const variant of variants as readonly WasmVariant[])
    modules[variant] = await exportWasm(model, { ...rest, variant });
  return { javascript: wrapperText(modules, embed), types: wrapperTypes(modules, embed), modules };
}
