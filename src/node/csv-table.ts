// The rows of a CSV file on their way to tensors: which columns are inputs and which is the target, every
// field checked with its line, and at the end whether the target is a class or a quantity.
import { FormatError } from '../core/errors.ts';
import type { Tensor } from '../data/tensor.ts';
import type { CsvTask } from './csv-tasks.ts';

export interface CsvColumnOptions {
  /** The target's column: its name, or its index from 0 (negative from the end). Without it there are no targets. */
  target?: string | number;
  /** The names of the input columns, in the order wanted. Default: all but the target. */
  columns?: readonly string[];
  /** Forces what the target is; see `readCsv` for the rule without it. */
  task?: CsvTask;
  /** The classes by index, as a model remembers them: any other label is an error. */
  classes?: readonly string[];
  /** Whether the first line names the columns. Without it they are called '0', '1', … Default true. */
  header?: boolean;
}

export interface CsvData {
  /** f32 `[rows, columns]` */
  inputs: Tensor;
  /** Class indices i32 `[rows]`, or quantities f32 `[rows, 1]`. */
  targets?: Tensor;
  featureNames: string[];
  targetName?: string;
  task?: CsvTask;
  /** The label of each class index. */
  classes?: string[];
}

const mostIntegerClasses = 20;
const decimal = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

export class CsvTable {
  rows = 0;
  private readonly options: CsvColumnOptions;
  private readonly what: string;
  private names?: string[];
  private inputColumns: number[] = [];
  private targetColumn = -1;
  private readonly inputs = new GrowingNumbers();
  private readonly labels: string[] = [];
  private firstText?: { line: number; text: string };

  /** @param what how messages call the file */
  constructor(options: CsvColumnOptions, what: string) {
    checkOptions(options);
    this.options = options;
    this.what = what;
  }

  /** Takes one record; the first is the header unless there is none. */
  add(record: readonly string[], line: number): void {
    if (!this.names) {
      this.setColumns(record);
      if (this.options.header !== false) return;
    }
    if (record.length !== this.names!.length)
      throw new FormatError(`${this.what} line ${line}: expected ${this.names!.length} fields, got ${record.length}`);
    for (const column of this.inputColumns) this.inputs.push(this.number(record[column], line, column));
    if (this.targetColumn >= 0) this.addLabel(record[this.targetColumn], line);
    this.rows++;
  }

  finish(): CsvData {
    if (!this.names) throw new FormatError(`${this.what} is empty`);
    if (this.rows === 0) throw new FormatError(`${this.what} has a header but no rows`);
    const featureNames = this.inputColumns.map((column) => this.names![column]);
    const inputs = { data: this.inputs.take(), shape: [this.rows, featureNames.length] };
    if (this.targetColumn < 0) return { inputs, featureNames };
    const targetName = this.names[this.targetColumn];
    const task = this.taskOfTarget();
    const target = task === 'regression' ? { targets: this.quantities() } : this.classIndices();
    return { inputs, featureNames, targetName, task, ...target };
  }

  private setColumns(first: readonly string[]): void {
    const { header, target, columns } = this.options;
    this.names = header === false ? first.map((_, index) => String(index)) : this.headerNames(first);
    if (target !== undefined) this.targetColumn = this.columnIndex(target);
    this.inputColumns = columns
      ? columns.map((name) => this.columnIndex(name))
      : [...this.names.keys()].filter((index) => index !== this.targetColumn);
    if (this.inputColumns.length === 0) throw new FormatError(`${this.what} has no input columns beside the target`);
    if (this.inputColumns.includes(this.targetColumn))
      throw new RangeError(`${this.what}: the target ${JSON.stringify(target)} is among the input columns as well`);
  }

  private headerNames(record: readonly string[]): string[] {
    if (this.options.header === undefined && record.every((name) => !Number.isNaN(toNumber(name))))
      throw new FormatError(
        `${this.what} line 1: expected the names of columns, got only numbers; say header: false if it has none, header: true if these are names`,
      );
    record.forEach((name, index) => {
      const before = record.indexOf(name);
      if (before < index)
        throw new FormatError(
          `${this.what} line 1: columns ${before + 1} and ${index + 1} are both called ${quote(name)}`,
        );
    });
    return [...record];
  }

  private columnIndex(column: string | number): number {
    const names = this.names!;
    const index = typeof column === 'string' ? names.indexOf(column) : column < 0 ? names.length + column : column;
    if (names[index] !== undefined) return index;
    throw new FormatError(`${this.what} has no column ${quote(column)}; its columns are ${listed(names)}`);
  }

  private number(text: string, line: number, column: number): number {
    const value = toNumber(text);
    if (Number.isFinite(Math.fround(value))) return value;
    throw this.fieldError(line, column, 'expected a finite number', text);
  }

  private addLabel(text: string, line: number): void {
    const { classes } = this.options;
    const value = toNumber(text);
    if (text === '' || !Number.isFinite(value || 0) || /^[-+]?(nan|inf(inity)?)$/i.test(text))
      throw this.fieldError(line, this.targetColumn, 'expected a target', text);
    if (classes && !classes.includes(text) && !classes.includes(String(value)))
      throw this.fieldError(line, this.targetColumn, `expected one of the classes ${listed(classes)}`, text);
    if (Number.isNaN(value)) this.firstText ??= { line, text };
    this.labels.push(text);
  }

  private taskOfTarget(): CsvTask {
    if (this.options.task) return this.options.task;
    if (this.options.classes || this.firstText) return 'classification';
    const different = new Set<number>();
    for (const label of this.labels) {
      const value = Number(label);
      different.add(value);
      if (!Number.isInteger(value) || different.size > mostIntegerClasses) return 'regression';
    }
    return different.size * 2 <= this.rows ? 'classification' : 'regression';
  }

  private quantities(): Tensor {
    if (this.firstText)
      throw this.fieldError(this.firstText.line, this.targetColumn, 'expected a finite number', this.firstText.text);
    return { data: Float32Array.from(this.labels, Number), shape: [this.rows, 1] };
  }

  private classIndices(): { targets: Tensor; classes: string[] } {
    // Where all labels are numbers, '1' and '1.0' are one class; otherwise labels are texts.
    const nameOf = this.firstText ? (label: string) => label : (label: string) => String(Number(label));
    const classes = this.options.classes?.slice() ?? sortedClasses(new Set(this.labels.map(nameOf)), !this.firstText);
    const indexOf = new Map(classes.map((name, index) => [name, index]));
    const indexOfLabel = (label: string) => indexOf.get(label) ?? indexOf.get(String(Number(label)))!;
    return { targets: { data: Int32Array.from(this.labels, indexOfLabel), shape: [this.rows] }, classes };
  }

  private fieldError(line: number, column: number, expected: string, text: string): FormatError {
    const got = text === '' ? 'an empty field' : quote(text);
    return new FormatError(`${this.what} line ${line}, column ${quote(this.names![column])}: ${expected}, got ${got}`);
  }
}

/** Float32 values whose number is not known before the last one. */
class GrowingNumbers {
  private data = new Float32Array(1024);
  private length = 0;

  push(value: number): void {
    if (this.length === this.data.length) {
      const larger = new Float32Array(2 * this.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length++] = value;
  }

  take(): Float32Array {
    return this.data.slice(0, this.length);
  }
}

function checkOptions({ task, classes, target }: CsvColumnOptions): void {
  if (task !== undefined && task !== 'classification' && task !== 'regression')
    throw new RangeError(`csv: expected task 'classification' or 'regression', got ${quote(task)}`);
  if (task === 'regression' && classes) throw new RangeError('csv: a regression has no classes');
  if (target === undefined && (task ?? classes)) throw new RangeError('csv: task and classes need a target column');
}

/** A decimal number, or NaN for any other text (also for '', '0x1f' and 'Infinity', which `Number` takes). */
function toNumber(text: string): number {
  return decimal.test(text) ? Number(text) : NaN;
}

function sortedClasses(names: ReadonlySet<string>, areNumbers: boolean): string[] {
  return areNumbers ? [...names].toSorted((a, b) => Number(a) - Number(b)) : [...names].toSorted();
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 40).join(', ');
  return names.length > 40 ? `${shown}, … (${names.length})` : shown;
}

function quote(value: string | number): string {
  const text = typeof value === 'string' && value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return JSON.stringify(text);
}
