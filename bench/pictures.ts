import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createDrawingDesk } from '#shell/chat/pictures/drawing-desk.ts';
import { drawingOf } from '#shell/chat/pictures/pictures.ts';
import { CURVES, GATES, intraday } from '../test/support/pictures.ts';

/*
 * Pictures: from the call to the PNG, in a thread that starts for it (cold) and in one that has drawn
 * (warm). The fonts are unpacked beforehand, as after the first picture a data folder ever saw.
 * Run: centaur bench pictures
 */
const COLD = 7;
const WARM = 25;

const folder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
const desk = () => createDrawingDesk(join(folder, 'fonts'));

type Sample = { readonly wallMs: number; readonly cpuMs: number };

async function timed(work: () => Promise<unknown>): Promise<Sample> {
  const from = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - from, cpuMs: (user + system) / 1000 };
}

/** Processor time of all threads stands beside the clock's: on a busy machine the clock says little. */
function line(name: string, kind: string, samples: readonly Sample[]): string {
  const at = (values: readonly number[], q: number) => {
    const sorted = [...values].sort((a, b) => a - b);
    return (sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN).toFixed(0).padStart(4);
  };
  const wall = samples.map(({ wallMs }) => wallMs);
  const cpu = samples.map(({ cpuMs }) => cpuMs);
  const times = `p50 ${at(wall, 0.5)} ms   worst ${at(wall, 1)} ms   processor p50 ${at(cpu, 0.5)} ms`;
  return `${name.padEnd(9)} ${kind}  ${times}   (goal: at most 400 ms)`;
}

try {
  for (const picture of [intraday(), GATES, CURVES]) {
    const drawing = drawingOf(picture, 'zh');
    const first = desk();
    await first.draw(drawing);
    await first.stop();
    const cold: Sample[] = [];
    for (let n = 0; n < COLD; n += 1) {
      const fresh = desk();
      cold.push(await timed(() => fresh.draw(drawing)));
      await fresh.stop();
    }
    const used = desk();
    await used.draw(drawing);
    const warm: Sample[] = [];
    for (let n = 0; n < WARM; n += 1) warm.push(await timed(() => used.draw(drawing)));
    await used.stop();
    console.log(line(picture.kind, 'cold', cold));
    console.log(line(picture.kind, 'warm', warm));
    const plain = Array.from({ length: 20 }, () => {
      const from = performance.now();
      drawingOf(picture, 'zh');
      return performance.now() - from;
    });
    console.log(`          the main thread's part: worst ${Math.max(...plain).toFixed(1)} ms`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
