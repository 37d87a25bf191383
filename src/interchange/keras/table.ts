// Keras' layers and ours: one row a class, with both ways. A row reads a configuration as JSON has it (options.ts notes what
// neurite lacks) and makes the layer; and it writes a layer's configuration. Weights are in weights.ts, topologies in
// model-read.ts and model-write.ts. TensorFlow.js has the same classes and options, so that this table serves both.
import type { Config, Layer, LayerOptions } from '../../layers/layer.ts';
import type { Dialect, KerasOptions } from './options.ts';

export interface ReadContext {
  /** Name and trainability. */
  readonly common: LayerOptions;
  /** The sample shape of the first input. */
  readonly inputShape: readonly number[];
  /** What the layer's first call is given beside its inputs. */
  readonly call: Readonly<Record<string, unknown>>;
  /** Makes the layer that a wrapper holds. */
  readonly inner: (json: unknown) => Layer | undefined;
}

/** A class and its options, without what all layers have. */
export interface Written {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface WriteContext {
  readonly dialect: Dialect;
  /** The sample shape of the first input. */
  readonly inputShape: readonly number[];
  /** Notes an option that Keras lacks. */
  readonly problem: (text: string) => void;
  /** Writes the layer that a wrapper holds. */
  readonly inner: (type: string, config: Config, more?: Readonly<Record<string, unknown>>) => object;
  /** A layer to come after this one, where Keras has one for what ours does in itself. */
  readonly after: (layer: Written) => void;
  readonly before: (layer: Written) => void;
}

export interface Row {
  readonly classes: readonly string[];
  readonly types: readonly string[];
  read(options: KerasOptions, context: ReadContext, className: string): Layer | undefined;
  write(config: Config, context: WriteContext, type: string): Written;
}

const byClass = new Map<string, Row>();
const byType = new Map<string, Row>();

export function defineRow(row: Row): void {
  for (const name of row.classes) byClass.set(name, row);
  for (const type of row.types) byType.set(type, row);
}

export const rowOfClass = (name: string): Row | undefined => byClass.get(name);
export const rowOfType = (type: string): Row | undefined => byType.get(type);
/** The classes of Keras that are read. */
export const kerasClassNames = (): string[] => [...byClass.keys()].toSorted();
