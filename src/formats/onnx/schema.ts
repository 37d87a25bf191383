// The messages of onnx.proto (ONNX, Apache-2.0, IR version 10) that neurite reads and writes: their fields as a table that
// reading (read.ts) and writing share, and as types. Fields that are not here are skipped.

/** How a field is stored: a scalar, or the name of a message. */
export type FieldKind = 'int' | 'float' | 'string' | 'bytes' | 'ints' | 'floats' | 'doubles' | MessageName;
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
}

/** `7: 'graph GraphProto'`; `[]` for a list of messages, strings or bytes. Packed lists of numbers are kinds of their own. */
const declarations = {
  ModelProto: {
    1: 'irVersion int',
    2: 'producerName string',
    3: 'producerVersion string',
    7: 'graph GraphProto',
    8: 'opsetImport OperatorSetIdProto[]',
    14: 'metadata StringStringEntryProto[]',
    25: 'functions FunctionProto[]',
  },
  OperatorSetIdProto: { 1: 'domain string', 2: 'version int' },
  StringStringEntryProto: { 1: 'key string', 2: 'value string' },
  GraphProto: {
    1: 'node NodeProto[]',
    2: 'name string',
    5: 'initializer TensorProto[]',
    11: 'input ValueInfoProto[]',
    12: 'output ValueInfoProto[]',
    15: 'sparseInitializer SparseTensorProto[]',
  },
  NodeProto: {
    1: 'input string[]',
    2: 'output string[]',
    3: 'name string',
    4: 'opType string',
    5: 'attribute AttributeProto[]',
    7: 'domain string',
  },
  AttributeProto: {
    1: 'name string',
    2: 'f float',
    3: 'i int',
    4: 's bytes',
    5: 't TensorProto',
    6: 'g GraphProto',
    7: 'floats floats',
    8: 'ints ints',
    9: 'strings bytes[]',
    11: 'graphs GraphProto[]',
    20: 'type int',
    21: 'refAttrName string',
    22: 'sparseTensor SparseTensorProto',
  },
  ValueInfoProto: { 1: 'name string', 2: 'type TypeProto' },
  TypeProto: {
    1: 'tensorType TensorTypeProto',
    4: 'sequenceType OtherTypeProto',
    5: 'mapType OtherTypeProto',
    8: 'sparseTensorType OtherTypeProto',
    9: 'optionalType OtherTypeProto',
  },
  TensorTypeProto: { 1: 'elemType int', 2: 'shape TensorShapeProto' },
  OtherTypeProto: {},
  TensorShapeProto: { 1: 'dim DimensionProto[]' },
  DimensionProto: { 1: 'dimValue int', 2: 'dimParam string' },
  TensorProto: {
    1: 'dims ints',
    2: 'dataType int',
    4: 'floatData floats',
    5: 'int32Data ints',
    6: 'stringData bytes[]',
    7: 'int64Data ints',
    8: 'name string',
    9: 'rawData bytes',
    10: 'doubleData doubles',
    11: 'uint64Data ints',
    13: 'externalData StringStringEntryProto[]',
    14: 'dataLocation int',
  },
  SparseTensorProto: { 1: 'values TensorProto', 2: 'indices TensorProto', 3: 'dims ints' },
  FunctionProto: {
    1: 'name string',
    4: 'input string[]',
    5: 'output string[]',
    6: 'attribute string[]',
    7: 'node NodeProto[]',
    9: 'opsetImport OperatorSetIdProto[]',
    10: 'domain string',
    11: 'attributeProto AttributeProto[]',
  },
} as const;

export type MessageName = keyof typeof declarations;

const parseField = (declaration: string): Field => {
  const [name, kind] = declaration.split(' ') as [string, string];
  return { name, kind: kind.replace('[]', '') as FieldKind, repeated: kind.endsWith('[]') };
};

/** The fields of each message by number. */
export const schema = Object.fromEntries(
  Object.entries(declarations).map(([message, fields]) => [
    message,
    new Map(
      Object.entries(fields as Record<string, string>).map(([number, text]) => [Number(number), parseField(text)]),
    ),
  ]),
) as unknown as Readonly<Record<MessageName, ReadonlyMap<number, Field>>>;

/** A packed list of numbers: exact whole numbers up to 2⁵³, beyond that the nearest double. */
export type Numbers = ArrayLike<number> & Iterable<number>;

export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  producerVersion?: string;
  graph?: GraphProto;
  opsetImport?: OperatorSetIdProto[];
  metadata?: StringStringEntryProto[];
  functions?: FunctionProto[];
}
export interface OperatorSetIdProto {
  domain?: string;
  version?: number;
}
export interface StringStringEntryProto {
  key?: string;
  value?: string;
}
export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  sparseInitializer?: SparseTensorProto[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
}
export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  attribute?: AttributeProto[];
}
export interface AttributeProto {
  name?: string;
  refAttrName?: string;
  type?: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: Numbers;
  ints?: Numbers;
  strings?: Uint8Array[];
  graphs?: GraphProto[];
  sparseTensor?: SparseTensorProto;
}
export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
}
export interface TypeProto {
  tensorType?: { elemType?: number; shape?: { dim?: { dimValue?: number; dimParam?: string }[] } };
  sequenceType?: object;
  mapType?: object;
  sparseTensorType?: object;
  optionalType?: object;
}
export interface TensorProto {
  dims?: Numbers;
  dataType?: number;
  floatData?: Numbers;
  int32Data?: Numbers;
  int64Data?: Numbers;
  uint64Data?: Numbers;
  doubleData?: Numbers;
  stringData?: Uint8Array[];
  rawData?: Uint8Array;
  name?: string;
  externalData?: StringStringEntryProto[];
  dataLocation?: number;
}
export interface SparseTensorProto {
  values?: TensorProto;
  indices?: TensorProto;
  dims?: Numbers;
}
export interface FunctionProto {
  name?: string;
  domain?: string;
  input?: string[];
  output?: string[];
  attribute?: string[];
  attributeProto?: AttributeProto[];
  node?: NodeProto[];
  opsetImport?: OperatorSetIdProto[];
}
