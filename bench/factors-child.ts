import process from 'node:process';
import { panelDays } from '#core/factors/panel.ts';
import { FACTORS } from '#core/factors/registry.ts';
import { scoreFactors } from '#core/factors/score.ts';
import { readFactorPanel } from '#shell/files/factor-panel.ts';
import { openFactorPanel } from '#shell/files/factor-panel-cache.ts';

/*
 * One run of the factor job in a process of its own: `factors-child.ts FILE INDEX full|night [CACHE]`. With a
 * folder of caches the panel comes from it, and is left there by the first run.
 */
const [file = '', index = '', scope = 'full', cache] = process.argv.slice(2);
const NIGHT_DAYS = 61;
const isNight = scope === 'night';
const lastDays = isNight ? NIGHT_DAYS : Number.POSITIVE_INFINITY;
const read =
  cache === undefined
    ? readFactorPanel(file, index)
    : openFactorPanel(file, index, cache, lastDays);
const readMs = performance.now();
const days = read.panel.days.length;
const panel = isNight ? panelDays(read.panel, Math.max(0, days - NIGHT_DAYS), days) : read.panel;
const firstDay = isNight ? NIGHT_DAYS - 1 : 0;
const cpuBefore = process.cpuUsage();
const { scores, top, stocks } = scoreFactors(panel, { factors: FACTORS, firstDay, top: 200 });
const cpu = process.cpuUsage(cpuBefore);
const last = top.length - 1;
const best = top[last] ?? [];
const check = [...best].reduce((sum, row) => sum + (scores[last * stocks + row] ?? 0), 0);
console.log(
  JSON.stringify({
    check,
    first: panel.instruments[best[0] ?? -1],
    dropped: read.dropped,
    readMs,
    scoreMs: performance.now() - readMs,
    scoreCpuMs: (cpu.user + cpu.system) / 1000,
  }),
);
