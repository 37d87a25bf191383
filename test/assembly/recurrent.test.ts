// Recurrent with a kernel that PackRecurrent packed ahead: the same bits as with the kernel as it is stored.
import { expect, test } from 'vitest';
import { RecurrentKind } from '../../src/core/generated/instructions.ts';
import {
  gatesOf,
  packedRecurrentBytes,
  recurrentWorkspace,
  type RecurrentName,
} from '../../src/graph/operations/recurrent-workspace.ts';
import { kernelRunner, output, randomFloats, type KernelOperand } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const ofNaN = (length: number) => output(length, new Float32Array(length).fill(Number.NaN));

test.each(Object.keys(gatesOf) as RecurrentName[])(
  'PackRecurrent of %s: the loop gives the same bits, at units and batches around a panel and a tile',
  (name) => {
    const { gates } = gatesOf[name];
    for (const units of [1, 3, 7, 8, 9, 15, 16, 17])
      for (const batch of [1, 4, 5, 6, 7, 13]) {
        const [time, kind, offset] = [3, RecurrentKind[name], 4 * (units % 4)];
        const kernel = randomFloats(units * gates * units, units);
        const packedWords = packedRecurrentBytes(name, units) / 4;
        const packing = { out: ofNaN(packedWords), kernel, kind, units };
        const panels = kernels.run('PackRecurrent', packing, offset).outputs['out']!;
        expect(panels.every(Number.isFinite), `${units} units`).toBe(true);
        const layout = { strideOut: time * units, stepOut: units, sequences: 1, strideRow: time, stepRow: 1 };
        const sizes = { kind, batch, time, units, reverse: 0, ...layout };
        const absent = ['gates', 'previous', 'previousCell', 'mask', 'dropout', 'hidden0', 'cell0'];
        const shared: Record<string, KernelOperand | null> = {
          ...Object.fromEntries(absent.map((operand) => [operand, null])),
          ...sizes,
          projected: randomFloats(batch * time * gates * units, batch),
          bias: randomFloats(gates * units, 3),
          hidden: ofNaN(batch * units),
          cell: ofNaN(batch * units),
          out: ofNaN(batch * time * units),
        };
        const run = (weights: Float32Array, packed: boolean) => {
          const workspace = output(Math.ceil(recurrentWorkspace(name, batch, units, packed) / 4));
          const operands = { ...shared, kernel: weights, packed: Number(packed), workspace };
          const { out, hidden } = kernels.run('Recurrent', operands, offset).outputs;
          return [...out!, ...hidden!];
        };
        expect(run(panels, true), `${units} units, ${batch} samples`).toEqual(run(kernel, false));
      }
  },
);
