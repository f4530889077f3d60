import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { faultRun } from './recordings/fault-run.ts';
import { killNine } from './recordings/kill-nine.ts';
import { liveKill } from './recordings/live-kill.ts';
import { manualTicket } from './recordings/manual-ticket.ts';
import { simulation } from './recordings/simulation.ts';
import { sweepKill } from './recordings/sweep-kill.ts';
import { blotted } from './recordings/theatre.ts';
import { dayOnTelegram, dayOnWecom } from './recordings/whole-day.ts';

/*
 * Plays the scenes of docs/recordings with the product and writes down what a terminal shows. With --check
 * nothing is written: a scene that goes differently now, figures aside, ends with code 1.
 */

/** Scenes by the name of their file. */
export const SCENES: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  'live-kill': liveKill,
  'kill-nine': killNine,
  'manual-ticket': manualTicket,
  'fault-run': faultRun,
  simulation,
  'day-telegram-en': () => dayOnTelegram('en'),
  'day-telegram-zh': () => dayOnTelegram('zh'),
  'day-wecom-en': () => dayOnWecom('en'),
  'day-wecom-zh': () => dayOnWecom('zh'),
  'sweep-kill': sweepKill,
};

const FOLDER = join(import.meta.dirname, '..', 'docs', 'recordings');
const fileOf = (name: string) => join(FOLDER, `${name}.txt`);

/** What the recording of a scene says. */
export function recorded(name: string): string {
  return readFileSync(fileOf(name), 'utf8');
}

/** Plays a scene now. */
export async function play(name: string): Promise<string> {
  const scene = SCENES[name];
  if (scene === undefined)
    throw new Error(`record: found "${name}", expected ${Object.keys(SCENES)}`);
  return `${(await scene()).join('\n')}\n`;
}

if (import.meta.main) {
  const isCheck = process.argv.includes('--check');
  let isSame = true;
  for (const name of Object.keys(SCENES)) {
    const text = await play(name);
    if (!isCheck) writeFileSync(fileOf(name), text);
    else if (blotted(text) !== blotted(recorded(name))) isSame = false;
    console.log(`${name}: ${text.split('\n').length - 1} lines`);
  }
  process.exit(isSame ? 0 : 1);
}
