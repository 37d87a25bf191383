// The header of a .npy file: a Python dictionary with exactly descr, fortran_order and shape. Only the words that NumPy
// writes there are read: texts, True and False, whole numbers in a tuple. Nothing nests, so nothing can nest too deep.
import { FormatError } from '../core/errors.ts';
import { quote } from './numeric.ts';

export interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly begin: number;
}

export const npyMagic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy itself refuses headers above 10,000 characters. */
const maximumHeader = 65_536;
const maximumAxes = 64;

export const isNpy = (bytes: Uint8Array): boolean => npyMagic.every((byte, i) => bytes[i] === byte);

/** @throws FormatError for what is no header, or lies about its own length */
export function readNpyHeader(bytes: Uint8Array, what: string): NpyHeader {
  if (!isNpy(bytes)) throw new FormatError(`${what} does not begin with NumPy's magic word`);
  const major = bytes[6];
  if (major !== 1 && major !== 2 && major !== 3)
    throw new FormatError(`${what} is of version ${major ?? 'none'}; versions 1 to 3 are known`);
  const lengthBytes = major === 1 ? 2 : 4;
  const begin = 8 + lengthBytes;
  if (bytes.length < begin) throw new FormatError(`${what}: a file of ${bytes.length} bytes ends before its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maximumHeader)
    throw new FormatError(`${what}: the header claims ${length} bytes, more than the ${maximumHeader} allowed`);
  if (length > bytes.length - begin)
    throw new FormatError(`${what}: the header claims ${length} bytes, the file has ${bytes.length - begin} left`);
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(begin, begin + length));
  return { ...parseDictionary(text, what), begin: begin + length };
}

const tokens = /\s*('[^'\\]*'|"[^"\\]*"|[A-Za-z]+|\d+L?|[{}()[\]:,])/y;

function tokensOf(text: string, what: string): string[] {
  const found: string[] = [];
  const end = text.trimEnd().length;
  tokens.lastIndex = 0;
  while (tokens.lastIndex < end) {
    const at = tokens.lastIndex;
    const match = tokens.exec(text);
    if (!match)
      throw new FormatError(`${what}: the header cannot be read at character ${at}: ${quote(text.slice(at, at + 20))}`);
    found.push(match[1]!);
  }
  return found;
}

function parseDictionary(text: string, what: string): Omit<NpyHeader, 'begin'> {
  const words = tokensOf(text, what);
  const values = new Map<string, unknown>();
  let at = 0;
  const expect = (word: string) => {
    if (words[at] !== word)
      throw new FormatError(`${what}: the header has ${quote(words[at])} where "${word}" should be`);
    at++;
  };
  const value = (key: string): unknown => {
    const word = words[at++];
    if (key === 'shape' && word === '(') return tuple();
    if (key === 'descr' && word === '[')
      throw new FormatError(`${what}: it holds records (a structured dtype), which are not read`);
    if (key === 'descr' && isText(word)) return word.slice(1, -1);
    if (key === 'fortran_order' && (word === 'True' || word === 'False')) return word === 'True';
    throw new FormatError(`${what}: the header's ${key} is ${quote(word)}`);
  };
  const tuple = (): number[] => {
    const sizes: number[] = [];
    while (words[at] !== ')') {
      const word = words[at++] ?? '';
      const size = Number(word.replace(/L$/, ''));
      if (!/^\d/.test(word) || !Number.isSafeInteger(size))
        throw new FormatError(`${what}: the header's shape has ${quote(word)} where a size should be`);
      if (sizes.push(size) > maximumAxes) throw new FormatError(`${what}: the shape has more than ${maximumAxes} axes`);
      if (words[at] !== ')') expect(',');
    }
    at++;
    return sizes;
  };
  expect('{');
  while (words[at] !== '}') {
    const word = words[at++];
    const key = isText(word) ? word.slice(1, -1) : '';
    if (key !== 'descr' && key !== 'fortran_order' && key !== 'shape')
      throw new FormatError(`${what}: the header has the key ${quote(word)}; expected descr, fortran_order, shape`);
    if (values.has(key)) throw new FormatError(`${what}: the header has ${key} twice`);
    expect(':');
    values.set(key, value(key));
    if (words[at] !== '}') expect(',');
  }
  at++;
  if (at !== words.length) throw new FormatError(`${what}: the header goes on after its dictionary`);
  for (const key of ['descr', 'fortran_order', 'shape'])
    if (!values.has(key)) throw new FormatError(`${what}: the header has no ${key}`);
  return {
    descr: values.get('descr') as string,
    fortranOrder: values.get('fortran_order') as boolean,
    shape: values.get('shape') as number[],
  };
}

const isText = (word: string | undefined): word is string => word !== undefined && /^['"]/.test(word);
