import { parentPort, workerData } from 'node:worker_threads';
import { planBacktest } from '#app/backtest-plan.ts';
import {
  playTask,
  type SweepThreadAnswer,
  type SweepThreadData,
  type SweepThreadTask,
} from './backtest-sweep.ts';

/* A thread of a sweep: plans the days once, then plays the sets it is handed one by one. */

const { layer, plan } = workerData as SweepThreadData;
const { days } = planBacktest(plan);

function answer({ place, task }: SweepThreadTask): SweepThreadAnswer {
  try {
    return { place, tried: playTask(layer, days, task) };
  } catch (error) {
    return { place, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (message: SweepThreadTask) => parentPort?.postMessage(answer(message)));
