// NIR files: HDF5 with the groups node/nodes/<name> and the dataset node/edges. What is read is checked whole.
import { FormatError, NeuriteError } from '../core/errors.ts';
import {
  checkNir,
  isNirType,
  nirParameters,
  type NirArray,
  type NirGraph,
  type NirNode,
  type NirType,
} from '../formats/nir.ts';
import { quote } from '../formats/numeric.ts';
import { openHdf5, writeHdf5, type Hdf5Content, type Hdf5Group } from './keras/hdf5.ts';

/** The version of NIR whose layout is written. */
const writtenVersion = '1.0.4';

/** @throws as readNir */
export async function openNir(bytes: Uint8Array, what: string): Promise<NirGraph> {
  const file = await openHdf5(bytes, what);
  const root = file.group('node');
  if (!root) throw new FormatError(`${what} has no group "node", as NIR files have`);
  const type = textOf(root, 'type', what);
  if (type !== 'NIRGraph')
    throw new FormatError(`${what}: expected the type "NIRGraph" of its node, got ${quote(type)}`);
  const group = root.group('nodes');
  if (!group) throw new FormatError(`${what} has no group "node/nodes"`);
  const names = group.names();
  const found = names.map((name) => [name, group.group(name)] as const);
  const types = found.map(([name, node]) => [name, node && textOf(node, 'type', what)] as const);
  refuseUnknown(types, what);
  const nodes = found.map(([name, node], k) => [name, nodeOf(node!, types[k]![1] as NirType)] as const);
  const version = file.values('version') && textOf(file, 'version', what);
  const graph: NirGraph = {
    nodes: Object.fromEntries(nodes),
    edges: edgesOf(root, what),
    ...(version === undefined ? {} : { version }),
    ...metadataOf(root),
  };
  checkNir(graph, what);
  return graph;
}

/** All unknown types at once, before any parameter is read. */
function refuseUnknown(types: readonly (readonly [string, string | undefined])[], what: string): void {
  const unknown = types.filter(([, type]) => !isNirType(type)).map(([name, type]) => `${quote(name)} (${quote(type)})`);
  if (unknown.length > 0)
    throw new NeuriteError(`${what}: nodes of types that neurite does not know: ${unknown.slice(0, 20).join(', ')}`);
}

function textOf(group: Hdf5Group, name: string, what: string): string | undefined {
  const values = group.values(name);
  if (!values) return undefined;
  const [text] = values.data;
  if (typeof text !== 'string' || values.data.length !== 1)
    throw new FormatError(`${what}: expected ${quote(name)} to be a text, got ${quote([...values.data])}`);
  return text;
}

function nodeOf(group: Hdf5Group, type: NirType): NirNode {
  const { needs, may } = nirParameters(type);
  const parameters: Record<string, NirArray | string> = {};
  for (const name of Object.keys({ ...needs, ...may })) {
    const value = valueOf(group, name);
    if (value !== undefined) parameters[name] = value;
  }
  return { type, parameters, ...metadataOf(group) };
}

function valueOf(group: Hdf5Group, name: string): NirArray | string | undefined {
  const values = group.values(name);
  if (!values) return undefined;
  const { data, shape } = values;
  return data instanceof Float32Array || data instanceof Float64Array ? { data, shape } : data.join();
}

function metadataOf(group: Hdf5Group): { metadata?: NonNullable<NirGraph['metadata']> } {
  const metadata = group.group('metadata');
  if (!metadata) return {};
  const entries = metadata.names().flatMap((name) => {
    const value = valueOf(metadata, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { metadata: Object.fromEntries(entries) };
}

function edgesOf(root: Hdf5Group, what: string): [string, string][] {
  const values = root.values('edges');
  if (!values) throw new FormatError(`${what} has no dataset "node/edges"`);
  const { data, shape } = values;
  // a graph without edges has an empty list, whose type says nothing
  if (data.length === 0) return [];
  if (shape.length !== 2 || shape[1] !== 2 || !data.every((each) => typeof each === 'string'))
    throw new FormatError(`${what}: expected edges as pairs of names, got ${quote([...shape])}`);
  return Array.from({ length: shape[0]! }, (_, k) => [data[2 * k]!, data[2 * k + 1]!] as [string, string]);
}

/** @throws as writeNir */
export async function nirBytes(graph: NirGraph): Promise<Uint8Array<ArrayBuffer>> {
  const shapes = checkNir(graph, 'writeNir');
  for (const name of Object.keys(graph.nodes))
    if (name === '' || name === '.' || name.includes('/') || name.includes('\0'))
      throw new FormatError(`writeNir: expected names without "/" that are not empty, got ${quote(name)}`);
  const groups = Object.entries(graph.nodes).map(([name, node]) => {
    const flattened = node.type === 'Flatten' ? shapes.get(name)?.input : undefined;
    return [name, nodeContent(node, flattened)] as const;
  });
  const { edges } = graph;
  return writeHdf5({
    values: { version: { data: [graph.version ?? writtenVersion], shape: [] } },
    groups: {
      node: {
        values: {
          type: { data: ['NIRGraph'], shape: [] },
          edges: { data: edges.length > 0 ? edges.flat() : new Float64Array(), shape: [edges.length, 2] },
        },
        groups: { nodes: { groups: Object.fromEntries(groups) }, ...metadataContent(graph.metadata) },
      },
    },
  });
}

function nodeContent({ type, parameters, metadata }: NirNode, flattened: readonly number[] | undefined): Hdf5Content {
  const { needs, may } = nirParameters(type);
  const kinds = { ...needs, ...may };
  // what flattening begins with is not in its other parameters, and NIR's own reader asks for it
  const all = flattened
    ? { input_type: { data: Float64Array.from(flattened), shape: [flattened.length] }, ...parameters }
    : parameters;
  const values = Object.entries(all).map(([name, value]) => {
    const isWhole = kinds[name] === 'whole' || kinds[name] === 'padding';
    return [name, writable(value, isWhole)] as const;
  });
  return {
    values: { type: { data: [type], shape: [] }, ...Object.fromEntries(values) },
    groups: metadataContent(metadata),
  };
}

function metadataContent(metadata: NirGraph['metadata']): Record<string, Hdf5Content> {
  const entries = Object.entries(metadata ?? {});
  if (entries.length === 0) return {};
  return { metadata: { values: Object.fromEntries(entries.map(([name, value]) => [name, writable(value, false)])) } };
}

function writable(value: NirArray | string, isWhole: boolean) {
  if (typeof value === 'string') return { data: [value], shape: [] };
  const { data, shape } = value;
  return { data: isWhole ? BigInt64Array.from(data, (x) => BigInt(x)) : data, shape };
}
