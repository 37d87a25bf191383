// `neurite/formats` on Node: the same as in a browser, with paths, and shards beside the model.
import './install.ts';
import { readSource, sourceName } from '../model/files.ts';
import type { Model } from '../model/model.ts';
import type { ModelSource } from '../model/open.ts';
import { loadTfjs as loadAnywhere, type LoadTfjsOptions } from '../interchange/index.ts';
import { openTfjs } from '../interchange/tfjs/index.ts';
import { shardsOf } from '../interchange/tfjs/shards.ts';
import { beside, pathOf } from './beside.ts';

export {
  decodeNpy,
  decodeNpz,
  decodeSafetensors,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  formatOf,
  loadKeras,
  loadSklearn,
  loadStateDict,
  readNir,
  toKeras,
  toStateDict,
  toTfjs,
  writeNir,
} from '../interchange/index.ts';
export type * from '../interchange/index.ts';

/**
 * Opens a layers model of TensorFlow.js by its model.json: from a path, a URL, a Blob, a Response or bytes.
 * @example const model = await loadTfjs('digits/model.json');
 * @throws FormatError for files that are damaged or unsound; NeuriteError for layers and options that neurite lacks
 */
export async function loadTfjs(source: ModelSource, options: LoadTfjsOptions = {}): Promise<Model> {
  const path = pathOf(source);
  const what = sourceName(source, options.name);
  if (path === undefined) return loadAnywhere(source, options);
  const found = () => (shard: string) => beside(path, shard, what);
  return openTfjs(await readSource(path), shardsOf(what, options.files, found), what, options);
}
