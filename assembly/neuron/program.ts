// Walks the program of a simulation: the handler of an instruction returns where the next one is, or 0 to stop there.
// A step is a program that ends in `Next`, which begins it anew until the clock has come to its end.
import { Halt, Instruction, Next } from './instructions';
import { Clock } from './clock';
import { execAdaptiveExponential } from './adex';
import { execCable } from './cable';
import { execCableChannels } from './cableChannels';
import { execConnectDegree, execConnectDistance, execConnectProbability, execTransposeRows } from './connect';
import { execPropagateDelayed } from './delayed';
import { execEquations } from './equations';
import { execGapJunctions } from './gap';
import { execHodgkinHuxley } from './hodgkinHuxley';
import { execIzhikevich } from './izhikevich';
import { execLif, execLifConductance } from './lif';
import { execMotorUnits } from './muscle';
import { execNoise, execPoissonInput, execPoissonSource, execRandomValues } from './noise';
import { execDecay, execEligibility, execPlasticArrival, execPlasticSpike, execScaling } from './plasticity';
import { execPropagate, execPropagateDense } from './propagate';
import { execPropagateRates, execRateRule, execRateUnits, execSpikeTrace } from './rates';
import { execReceptor } from './receptor';
import { execCheckState, execRecordRate, execRecordSpikes, execRecordStates } from './record';
import { execShortTerm } from './shortTerm';
import { execDrive, execSpikeTimes } from './sources';

type Handler = (pc: usize) => usize;

/** In the order of `Opcode`. */
const handlers: StaticArray<Handler> = [
  execHalt,
  execNext,
  execLif,
  execLifConductance,
  execIzhikevich,
  execReceptor,
  execDrive,
  execSpikeTimes,
  execPropagate,
  execPropagateDense,
  execRecordSpikes,
  execRecordStates,
  execCheckState,
  execRandomValues,
  execNoise,
  execPoissonSource,
  execPoissonInput,
  execConnectProbability,
  execAdaptiveExponential,
  execHodgkinHuxley,
  execPropagateDelayed,
  execShortTerm,
  execDecay,
  execPlasticArrival,
  execPlasticSpike,
  execEligibility,
  execScaling,
  execConnectDegree,
  execConnectDistance,
  execTransposeRows,
  execRecordRate,
  execRateUnits,
  execPropagateRates,
  execSpikeTrace,
  execRateRule,
  execCable,
  execCableChannels,
  execEquations,
  execGapJunctions,
  execMotorUnits,
];

function execHalt(pc: usize): usize {
  assert(offsetof<Halt>() == 4);
  return 0;
}

function execNext(pc: usize): usize {
  const i = changetype<Next>(pc);
  const clock = changetype<Clock>(i.clock);
  clock.step++;
  return clock.step == clock.end ? 0 : i.start;
}

/** Runs the program at `pc`. Returns the address of the instruction that stopped it. */
export function run(pc: usize): usize {
  while (true) {
    const next = unchecked(handlers[changetype<Instruction>(pc).opcode])(pc);
    if (!next) return pc;
    pc = next;
  }
}
