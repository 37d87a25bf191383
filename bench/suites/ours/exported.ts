// The exported module, by its memory and `run`.
import { loadCore } from '../../../src/core/core.ts';
import { exportWasm } from '../../../src/export/index.ts';
import type { Model } from '../../../src/index.ts';
import { networkModel, networks } from '../../../src/node/bench/networks.ts';
import { exportedData, exportedImage, exportedName, exportedWorks } from '../../works/exported.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { imageModel } from './images.ts';

/** The network of a name, as the library has it. */
export const exportedModel = (network: string): Promise<Model> =>
  network === exportedImage ? imageModel() : networkModel(networks[network]!);

async function exported(network: string, batch: number): Promise<PeerWork> {
  const { variant } = await loadCore();
  const model = await exportedModel(network);
  const { bytes } = await exportWasm(model, { batchSize: batch, variant: variant === 'relaxed' ? 'relaxed' : 'simd' });
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, run, ...globals } = instance.exports as Record<string, WebAssembly.Global> & {
    memory: WebAssembly.Memory;
    run(): number;
  };
  const view = (name: string) =>
    new Float32Array(memory.buffer, globals[name]!.value as number, globals[`${name}Length`]!.value as number);
  const [input, output, data] = [view('input'), view('output'), exportedData(network, batch)];
  return {
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) {
        input.set(data);
        run();
        sum += output[0]!;
      }
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result() {
      input.set(data);
      run();
      return output.slice();
    },
  };
}

export const exportedModules: Works = Object.fromEntries(
  exportedWorks.map(([network, batch]) => [exportedName(network, batch), () => exported(network, batch)]),
);
