// Where the time of a program goes: each of its instructions as a program of its own, timed in turns with the whole.
// Instructions are compiled with memory of their own (`keepAll`), so that each finds its operands as the run left them.
import type { Executable } from '../../graph/executable.ts';
import type { Instruction } from '../../graph/program.ts';
import { limitsWork, limitsFrom, rowOf, type Limits, type Row } from './suite.ts';
import { measure, type TimingOptions, type Work } from './timing.ts';
import type { Variant } from '../../core/features.ts';
import type { Case } from './case.ts';
import { costOf } from './costs.ts';

export interface Profile {
  readonly limits: Limits;
  /** The program in one call. */
  readonly whole: Row;
  /** Its instructions, in their order; the group is the layer. */
  readonly rows: readonly Row[];
}

/** @param name what the whole is called */
export async function profileProgram(
  executable: Executable,
  name: string,
  variant: Variant,
  options: TimingOptions = {},
): Promise<Profile> {
  executable.prepare();
  executable.run();
  const isolated = executable.instructions.map((_, index) => executable.isolate(index));
  const limitWorks = limitsWork(variant);
  const costs = executable.instructions.map(costOf);
  const flops = sum(costs.map((cost) => cost.flops));
  const bytes = sum(costs.map((cost) => cost.bytes));
  const cases: Case[] = [
    { group: '', work: work(name, () => executable.run()), flops, bytes, unit: 'GFLOP/s', check: unchecked },
    ...executable.instructions.map((instruction, index) => ({
      group: instruction.label ?? '',
      work: work(describe(instruction), isolated[index]!.run),
      ...costs[index]!,
      unit: costs[index]!.flops ? ('GFLOP/s' as const) : ('GB/s' as const),
      check: unchecked,
    })),
  ];
  try {
    const timings = await measure([...limitWorks, ...cases.map((one) => one.work)], options);
    const limits = limitsFrom(timings.slice(0, limitWorks.length));
    const [whole, ...rows] = cases.map((one, i) => rowOf(one, timings[limitWorks.length + i]!, limits));
    return { limits, whole: whole!, rows };
  } finally {
    for (const one of isolated) one.release();
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const unchecked = () => ({ difference: 0, tolerance: 0 });

const work = (name: string, run: () => unknown): Work => ({
  name,
  repeat(times) {
    for (let i = 0; i < times; i++) run();
  },
});

/** `Gemm 32×128×784 ᵀN` and the like: what tells an instruction from its neighbours. */
export function describe({ opcode, operands }: Instruction): string {
  const value = (name: string) => operands[name];
  if (opcode === 'Gemm' || opcode === 'GemmUpdate') {
    const form = `${value('transposeA') ? 'Aᵀ' : 'A'}·${value('transposeB') ? 'Bᵀ' : 'B'}`;
    const packed = value('packed') ? ', packed' : '';
    return `${opcode} ${value('m')}×${value('n')}×${value('k')} ${form}${packed}`;
  }
  const sizes = ['n', 'k', 'batch', 'rows', 'columns', 'outer', 'axis', 'inner']
    .map(value)
    .filter((size): size is number => typeof size === 'number');
  return [opcode, sizes.join('×')].filter(Boolean).join(' ');
}
