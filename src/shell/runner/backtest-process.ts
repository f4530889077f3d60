import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { parse as parseCsv } from 'csv-parse/sync';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';
import type { Backtests, WaitingChat } from '#app/ports.ts';
import type { CurvesPicture } from '#core/pictures/picture.ts';
import type { BacktestAsk } from '#core/replies/act.ts';
import type { BacktestResult, BacktestStep } from '#core/replies/notice.ts';
import { lastWord, stepBack } from './own-command.ts';

export type BacktestProcessOptions = {
  /** The program, `bin/centaur.mjs`. */
  readonly program: string;
  /** Where results lie, and a note of what is played. */
  readonly folder: string;
  /** Environment of the process, data folder and profile among it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Least time between two steps that are told, milliseconds; a chat shows few edits a minute. */
  readonly stepEveryMs?: number;
};

const STEP_EVERY_MS = 3_000;
/** Longest a process is given to end by itself. */
const END_WITHIN_MS = 3_000;

const stepShape = z.object({
  stage: z.enum(['reading', 'planning', 'layer_b', 'layer_c']),
  done: z.number(),
  of: z.number(),
});

const intervalShape = z.object({ low: z.number(), high: z.number() });
const figuresShape = z.object({
  trades: z.number(),
  missing: z.number(),
  averageR: z.number().nullable(),
});
/** The parts of `backtest --json` that a card tells. */
const resultShape = z.object({
  symbols: z.array(z.string()),
  from: z.string(),
  to: z.string(),
  days: z.number(),
  warmUpDays: z.number(),
  tried: z.number(),
  notes: z.array(z.string()),
  layers: z.array(
    z.object({
      layer: z.enum(['B', 'C']),
      rows: z.array(
        z.object({
          regime: z.string(),
          figures: figuresShape,
          interval: intervalShape.nullable(),
        }),
      ),
    }),
  ),
});

const noteShape = z.object({
  ask: z.object({
    strategy: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
  }),
  chat: z.object({ channel: z.string(), chatId: z.string() }),
});

function resultOf(stdout: string, folder: string, tookMs: number): BacktestResult {
  const found = resultShape.parse(JSON.parse(stdout));
  const layers = found.layers.map(({ layer, rows }) => {
    const all = rows.find(({ regime }) => regime === 'all');
    const { trades = 0, missing = 0, averageR = null } = all?.figures ?? {};
    const { low = null, high = null } = all?.interval ?? {};
    return { layer, trades, missing, averageR, low, high };
  });
  const { symbols, from, to, days, warmUpDays, tried, notes } = found;
  const span = { firstDay: from, lastDay: to, days, warmUpDays };
  return { symbols, ...span, layers, tried, tookMs, notes, folder };
}

const tradeShape = z.object({ date: z.string(), R_net: z.coerce.number(), layer: z.string() });
const equityShape = z.object({ date: z.string(), equity: z.coerce.number(), layer: z.string() });

/** Rows of a file the backtest wrote. Throws when there is no such file, or it is another one. */
function rowsIn<T>(file: string, shape: z.ZodType<T>): T[] {
  const rows: unknown[] = parseCsv(readFileSync(file), { columns: true });
  return rows.map((row) => shape.parse(row));
}

/** What the files say of equity and R, with friction where that was played; null: nothing was traded. */
function curvesIn(out: string, strategy: string): CurvesPicture | null {
  try {
    const trades = rowsIn(join(out, 'trades.csv'), tradeShape);
    const layer = trades.some((trade) => trade.layer === 'C') ? 'C' : 'B';
    const equity = rowsIn(join(out, 'equity.csv'), equityShape);
    const picture: CurvesPicture = {
      kind: 'curves',
      subject: `${strategy} · ${layer}`,
      currency: 'USD',
      equity: equity
        .filter((row) => row.layer === layer)
        .map(({ date, equity: value }) => {
          return { tradingDay: date, valueMinor: Math.round(value * 100) };
        }),
      trades: trades
        .filter((row) => row.layer === layer)
        .map(({ date, R_net: resultR }) => ({ tradingDay: date, resultR })),
    };
    return picture.trades.length === 0 ? null : picture;
  } catch {
    // a result is worth telling without its picture
    return null;
  }
}

function argumentsOf({ strategy, from, to }: BacktestAsk, out: string): string[] {
  const days = [...(from === null ? [] : ['--from', from]), ...(to === null ? [] : ['--to', to])];
  return ['backtest', strategy, '--store', '--layers', 'abc', ...days, '--out', out, '--json'];
}

function listen(
  child: ChildProcess,
  everyMs: number,
  onStep: (step: BacktestStep) => void,
): { stdout: string; stderr: string } {
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.on('data', (chunk: Buffer) => {
      texts[stream] += chunk.toString();
    });
  let toldAt = Number.NEGATIVE_INFINITY;
  child.on('message', (message) => {
    const step = stepShape.safeParse(message);
    const now = performance.now();
    if (!step.success || now - toldAt < everyMs) return;
    toldAt = now;
    onStep(step.data);
  });
  return texts;
}

/**
 * Plays backtests by the command line in a process of its own, at the lowest priority, one at a time. The
 * process ends with this one.
 */
export function createBacktestProcess(options: BacktestProcessOptions): Backtests {
  const { program, folder, env, stepEveryMs = STEP_EVERY_MS } = options;
  const note = join(folder, 'running.json');
  let now: { readonly ask: BacktestAsk; readonly child: ChildProcess } | null = null;
  let isStopped = false;

  const leave = (ask: BacktestAsk, chat: WaitingChat): void => {
    mkdirSync(dirname(note), { recursive: true });
    writeFileAtomic(note, JSON.stringify({ ask, chat }));
  };

  return {
    running: () => now?.ask ?? null,
    play(ask, chat, onStep) {
      if (now !== null || isStopped) return null;
      leave(ask, chat);
      const { strategy, from, to } = ask;
      const out = join(folder, `${strategy}_${from ?? 'first'}_${to ?? 'last'}`);
      const startedAt = performance.now();
      const child = spawn(process.execPath, [program, ...argumentsOf(ask, out)], {
        // told that a parent listens: it ends with it, and says how far it is
        env: { ...env, CENTAUR_LAUNCHED: '1' },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      now = { ask, child };
      stepBack(child.pid);
      const texts = listen(child, stepEveryMs, onStep);
      const { promise, resolve } =
        Promise.withResolvers<Awaited<NonNullable<ReturnType<Backtests['play']>>>>();
      const end = (code: number | null): void => {
        now = null;
        // a process that is stopped leaves its note: the next one tells the chat
        if (isStopped) return resolve({ kind: 'stopped' });
        rmSync(note, { force: true });
        if (code !== 0) return resolve({ kind: 'failed', cause: lastWord(texts.stderr) });
        try {
          const result = resultOf(texts.stdout, out, Math.round(performance.now() - startedAt));
          resolve({ kind: 'done', result, curves: curvesIn(out, strategy) });
        } catch (error) {
          resolve({
            kind: 'failed',
            cause: error instanceof Error ? error.message : String(error),
          });
        }
      };
      child.once('error', (error) => {
        texts.stderr += `\n${error.message}`;
        end(null);
      });
      child.once('close', end);
      return promise;
    },
    left() {
      try {
        const { ask, chat } = noteShape.parse(JSON.parse(readFileSync(note, 'utf8')));
        rmSync(note, { force: true });
        return { ask, chat };
      } catch {
        return null;
      }
    },
    async stop() {
      isStopped = true;
      const child = now?.child;
      if (child === undefined) return;
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
      await ended;
      clearTimeout(hard);
    },
  };
}
