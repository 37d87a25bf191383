// A file of any format, told by its content: a model, or tensors by name.
import { FormatError } from '../core/errors.ts';
import type { CoreOptions } from '../core/features.ts';
import { parseJson } from '../formats/json.ts';
import { decodeNpy } from '../formats/npy.ts';
import { isNpy } from '../formats/npy-header.ts';
import { decodeNpz } from '../formats/npz.ts';
import type { NumericArray } from '../formats/numeric.ts';
import { decodeSafetensors } from '../formats/safetensors.ts';
import { isZip, zipNames, type ZipOptions } from '../formats/zip.ts';
import { loadModel } from '../model/load.ts';
import type { Model } from '../model/model.ts';
import { isHdf5 } from './keras/hdf5.ts';
import { openKeras } from './keras/index.ts';
import type { ReadKerasOptions } from './keras/model-read.ts';
import { isPickle, refusePickle } from './pickle.ts';
import { isSklearn, openSklearn } from './sklearn.ts';
import { isTfjs, openTfjs } from './tfjs/index.ts';
import type { ReadShard } from './tfjs/manifest.ts';

/** The formats that files are told apart by. */
export type FileFormat = 'safetensors' | 'npy' | 'npz' | 'keras' | 'h5' | 'tfjs' | 'sklearn' | 'onnx' | 'pickle';

/**
 * Which format a file has, by its content and not by its name; undefined where it is none of them.
 * @example formatOf(await readFileBytes('model.keras')) // 'keras'
 */
export function formatOf(bytes: Uint8Array): FileFormat | undefined {
  if (isPickle(bytes)) return 'pickle';
  if (isHdf5(bytes)) return 'h5';
  if (isNpy(bytes)) return 'npy';
  if (isZip(bytes)) return zipNames(bytes).includes('config.json') ? 'keras' : 'npz';
  if (bytes.length > 8 && bytes[8] === 0x7b && new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) === 0)
    return 'safetensors';
  if (/^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)))) return jsonFormat(bytes);
  // The first field of a model in ONNX is its version, a small number.
  return bytes[0] === 0x08 && bytes[1]! > 0 && bytes[1]! < 32 ? 'onnx' : undefined;
}

function jsonFormat(bytes: Uint8Array): FileFormat | undefined {
  let json: unknown;
  try {
    json = parseJson(bytes, '');
  } catch {
    return undefined;
  }
  return isTfjs(json) ? 'tfjs' : isSklearn(json) ? 'sklearn' : undefined;
}

/** A tensor of a file. */
export interface FileTensor {
  /** As its format says it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: NumericArray;
}

export type OpenedFile =
  | { readonly format: FileFormat; readonly model: Model }
  | { readonly format: FileFormat; readonly tensors: ReadonlyMap<string, FileTensor> };

/** @throws FormatError for a file of no format that is read, a damaged one, a pickle */
export async function openFile(
  bytes: Uint8Array,
  what: string,
  readShard: ReadShard,
  options: CoreOptions & ReadKerasOptions & ZipOptions = {},
): Promise<OpenedFile> {
  const format = formatOf(bytes);
  refusePickle(bytes, what);
  switch (format) {
    case 'safetensors': {
      const file = named(what, () => decodeSafetensors(bytes));
      if (file.metadata['format'] !== 'neurite') return { format, tensors: file.tensors };
      return { format, model: await loadModel(bytes, options) };
    }
    case 'npy':
      return { format, tensors: new Map([['array', decodeNpy(bytes, what)]]) };
    case 'npz':
      return { format, tensors: await decodeNpz(bytes, options, what) };
    case 'keras':
    case 'h5':
      return { format, model: await openKeras(bytes, what, options) };
    case 'tfjs':
      return { format, model: await openTfjs(bytes, readShard, what, options) };
    case 'sklearn':
      return { format, model: await openSklearn(bytes, what, options) };
    case 'onnx':
      throw new FormatError(`${what}: an ONNX file is run as it is (neurite/onnx); it is no model of layers`);
    default:
      throw new FormatError(
        `${what}: it is of no format that is read: safetensors, .keras, .h5, model.json of TensorFlow.js or scikit-learn, .npz, .npy, ONNX`,
      );
  }
}

function named<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${what}: ${error.message}`, { cause: error });
    throw error;
  }
}
