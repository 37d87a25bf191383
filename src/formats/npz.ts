// Several arrays in NumPy's archive (.npz): a zip of .npy files, each under its name.
import { decodeNpy, encodeNpy, type NpyArray, type WritableNpy } from './npy.ts';
import { FormatError } from '../core/errors.ts';
import { quote } from './numeric.ts';
import { readZip, writeZip, type ZipOptions } from './zip.ts';

/**
 * Reads the arrays of an archive by name (without its `.npy`), as `numpy.savez` and `savez_compressed` write it.
 * @throws FormatError for a damaged file, an array that `decodeNpy` refuses, or one that would take more than `maximumBytes`
 */
export async function decodeNpz(
  bytes: Uint8Array,
  options: ZipOptions = {},
  what = 'npz',
): Promise<Map<string, NpyArray>> {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${what}: expected the bytes as a Uint8Array`);
  const arrays = new Map<string, NpyArray>();
  for (const [member, content] of await readZip(bytes, what, options)) {
    const name = member.replace(/\.npy$/, '');
    if (arrays.has(name)) throw new FormatError(`${what}: there are two arrays named ${quote(name)}`);
    arrays.set(name, decodeNpy(content, `${what}: ${quote(member)}`));
  }
  return arrays;
}

/**
 * Makes an archive of arrays, as `numpy.load` reads it: the same arrays in the same order give the same bytes.
 * @throws TypeError or RangeError for an array that `encodeNpy` refuses, or a name that no file can have
 */
export async function encodeNpz(
  arrays: ReadonlyMap<string, WritableNpy> | Readonly<Record<string, WritableNpy>>,
  { compress = false }: { readonly compress?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const entries = arrays instanceof Map ? [...arrays] : Object.entries(arrays as Record<string, WritableNpy>);
  const members = new Map<string, Uint8Array>();
  for (const [name, array] of entries) {
    if (name === '' || name.includes('\0') || /\p{Surrogate}/u.test(name))
      throw new RangeError(`npz: an array cannot be named ${quote(name)}`);
    members.set(`${name}.npy`, encodeNpy(array, `npz: ${quote(name)}`));
  }
  return writeZip(members, { compress });
}
