import type { HeldFlag } from '#core/engine/held-facts.ts';
import type { FigureNoteCode } from '#core/indicators/figure.ts';
import type { Stance } from '#core/machines/stance.ts';
import type { ExitKind } from '#core/strategies/sector-pulse/exits.ts';
import type { CheckpointVerdict } from '#core/strategies/sector-pulse/verdict.ts';

/** What the pages of the A-share desk say in one language. */
export type PulseWords = {
  readonly colon: string;
  readonly comma: string;
  readonly unknown: string;
  readonly yes: string;
  readonly no: string;
  readonly none: string;
  /** 100 million yuan. */
  readonly yi: (amount: string) => string;
  readonly shares: (count: number) => string;
  readonly days: (count: number) => string;
  readonly times: (count: number) => string;
  /** Right behind a figure, with its space where the language has one. */
  readonly degraded: string;
  readonly stage: Readonly<Record<string, string>>;
  readonly flag: Readonly<Record<HeldFlag, string>>;
  readonly note: Readonly<Record<FigureNoteCode, string>>;
  readonly verdict: Readonly<Record<CheckpointVerdict['kind'], string>>;
  readonly stance: Readonly<Record<Stance, string>>;
  readonly permission: Readonly<Record<'active' | 'reducing' | 'halted', string>>;
  /** Name of a row; of `kill_<cause>` too. */
  readonly row: (name: string) => string;
  readonly gate: {
    readonly title: (checkpoint: string, day: string, passed: boolean, failed: number) => string;
    readonly noRecord: string;
    readonly lastPassed: (checkpoint: string, daysAgo: number | null, judged: number) => string;
    readonly held: string;
    readonly kill: string;
    readonly killNow: (time: string, level: string) => string;
    readonly level: Readonly<Record<'none' | 'l1' | 'l2', string>>;
    readonly left: (room: string) => string;
    readonly reached: (over: string) => string;
    readonly ignored: string;
    readonly margin: (amount: string, share: string, day: string) => string;
    readonly stance: string;
    readonly ratio: string;
    readonly month: (drawdown: string, isNew: boolean) => string;
    readonly restart: (passed: number, needed: number) => string;
    readonly data: string;
    readonly daily: string;
    readonly set: string;
    readonly universe: string;
    /** How the stocks that are counted were chosen, as the record says it. */
    readonly ofUniverse: (text: string) => string;
    readonly notAsked: (checkpoint: string) => string;
  };
  readonly sectors: {
    readonly title: (checkpoint: string, day: string, ranked: number) => string;
    readonly noRecord: string;
    readonly notRanked: (count: number) => string;
    readonly members: (count: number) => string;
    readonly parts: readonly [string, string, string, string];
    readonly taken: string;
    readonly shadow: string;
    readonly rank: (sector: string, sectorRank: number, rank: number) => string;
    readonly strength: string;
    readonly held: string;
  };
  readonly why: {
    readonly behind: (checkpoint: string, day: string) => string;
    readonly funnel: string;
    readonly rejected: string;
    readonly candidate: (symbol: string) => string;
    readonly missing: string;
  };
  readonly held: {
    readonly sellable: (count: number) => string;
    readonly heldDays: (days: number | null) => string;
    readonly cost: string;
    readonly now: string;
    readonly stop: string;
    readonly targets: string;
    readonly half: string;
    readonly all: string;
  };
  readonly day: {
    readonly sheet: (day: string, held: number) => string;
    readonly nothingHeld: string;
    readonly plan: {
      readonly auction_sell: (quantity: number, why: string) => string;
      readonly last_day_exit: (time: string, again: string | null) => string;
      readonly review: string;
      readonly stop_held: string;
    };
    readonly exit: Readonly<Record<ExitKind, string>>;
    readonly distances: string;
    readonly allow: string;
    readonly noTrade: (checkpoint: string, isGateFailed: boolean) => string;
    readonly mayTrade: (checkpoint: string) => string;
    readonly soFar: (tickets: number, confirmed: number, trades: number) => string;
    readonly final: string;
    readonly result: string;
    readonly month: string;
    readonly gates: string;
    readonly path: string;
    readonly equity: string;
    readonly holding: string;
    readonly preliminary: string;
  };
  readonly card: {
    readonly buy: string;
    readonly advice: string;
    readonly lifeOver: string;
    readonly first: (share: string, before: string, after: string) => string;
    readonly notToday: string;
    readonly gap: (ratio: string) => string;
    readonly halved: string;
    readonly strength: string;
    readonly volumeRatio: string;
    readonly toVwap: string;
    readonly byHand: (code: string) => string;
    readonly costs: string;
  };
};
