import { FeedError } from '#app/errors.ts';
import type { FetchAsk, FetchResult, MarketDataCn } from '#app/ports.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { stableHash } from '#core/lib/hash.ts';
import type { BreakerParams, BreakerState } from '#core/machines/circuit-breaker.ts';
import {
  askBreaker,
  breakerFailed,
  breakerHeld,
  breakerReleased,
  breakerSucceeded,
  CLOSED_BREAKER,
} from '#core/machines/circuit-breaker.ts';
import type { Anomaly, Judged } from '#core/quality/anomaly.ts';
import { countByCode } from '#core/quality/anomaly.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import { createFlights } from './flights.ts';
import type { DataKindCn, KindsCn, SourceAnswer, SourceCall, SourceCn } from './source.ts';
import { FEED_CODES, feedError } from './source.ts';

/** Judges what a source answered; may look things up, and has until the attempt's deadline. */
export type GateCn = <K extends DataKindCn>(
  kind: K,
  ask: KindsCn[K]['ask'],
  data: KindsCn[K]['data'],
  source: string,
) => Promise<Judged<KindsCn[K]['data']> & { readonly note: readonly FetchNote[] }>;

/** One try of one source, for the record. */
export type Attempt = {
  readonly source: string;
  readonly kind: DataKindCn;
  readonly at: number;
  readonly ms: number;
  /** `answered`, or the code of the failure, or `refused` by the gate. */
  readonly outcome: string;
  readonly quarantined: number;
};

export type ChainDeps = {
  readonly sources: readonly SourceCn[];
  /** Names of sources in the order they are asked, by kind of data. */
  readonly order: Readonly<Record<DataKindCn, readonly string[]>>;
  /** Longest time one source may take for one answer. */
  readonly attemptMs: (source: string) => number;
  readonly breaker: BreakerParams;
  readonly gate: GateCn;
  readonly now: () => number;
  /** Quarantines; called once an answer, must not throw. */
  readonly onAnomalies: (kind: DataKindCn, anomalies: readonly Anomaly[]) => void;
  readonly onAttempt: (attempt: Attempt) => void;
};

/** Share of the time left that a source may take while others stand behind it. */
const SHARE_BEFORE_OTHERS = 0.6;
/** Kept back of the time left, so that a source that hangs is named before the asker leaves. */
const MARGIN_MS = 40;
/** Answers kept to be given again. */
const CACHED = 64;
/** Notes that make an answer less than it could be. */
const DEGRADING: ReadonlySet<string> = new Set([
  'source_failed',
  'source_skipped',
  'answer_refused',
  'rows_quarantined',
  'rows_missing',
  'fields_missing',
  'from_cache',
  'raw_not_kept',
  'no_own_time',
  'sources_disagree',
]);

type Progress = { readonly note: FetchNote[]; readonly breakers: Map<string, BreakerState> };
type AnyResult = FetchResult<unknown>;

/** Waits for `work` until the signal aborts; what the work does later is nobody's. */
function until<T>(work: Promise<T>, signal: AbortSignal, failure: () => FeedError): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(failure());
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}

function codeOf(error: unknown): string {
  return error instanceof FeedError ? error.code : 'failed';
}

function waitOf(error: unknown): number | null {
  const waitMs = error instanceof FeedError ? error.context['retryAfterMs'] : null;
  return typeof waitMs === 'number' && waitMs > 0 ? waitMs : null;
}

/** Rows that the source could not read, in the notes with the gate's own. */
function remarks(source: string, anomalies: readonly Anomaly[]): FetchNote[] {
  return countByCode(anomalies).map(([cause, rows]) =>
    fetchNote('rows_quarantined', source, { cause, rows }),
  );
}

/** Asks one source within its time; throws FeedError. */
async function attempt<K extends DataKindCn>(
  deps: ChainDeps,
  source: SourceCn,
  kind: K,
  ask: KindsCn[K]['ask'],
  flight: AbortSignal,
  timeoutMs: number,
) {
  const offer = source.offers[kind] as
    | ((ask: KindsCn[K]['ask'], call: SourceCall) => Promise<SourceAnswer<KindsCn[K]['data']>>)
    | undefined;
  const place = `${source.name} ${kind}`;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const signal = AbortSignal.any([flight, controller.signal]);
  try {
    const work = async () => {
      if (offer === undefined) {
        throw feedError(place, FEED_CODES.noData, 'a source without it', 'one that offers it');
      }
      const told: FetchNote[] = [];
      const tell = (note: FetchNote): void => {
        if (!told.some(({ code }) => code === note.code)) told.push(note);
      };
      const answered = await offer(ask, { signal, now: deps.now, tell });
      const found = { ...answered, note: [...answered.note, ...told] };
      const judged = await deps.gate(kind, ask, found.data, source.name);
      return { found, judged };
    };
    return await until(work(), signal, () =>
      flight.aborted
        ? feedError(place, FEED_CODES.canceled, 'an asker that left', 'one that waits')
        : feedError(place, FEED_CODES.timeout, `nothing after ${timeoutMs} ms`, 'an answer'),
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps the breaker of one source and kind after a failure. */
function noteFailure(deps: ChainDeps, progress: Progress, key: string, error: unknown): void {
  const state = progress.breakers.get(key) ?? CLOSED_BREAKER;
  const code = codeOf(error);
  const waitMs = waitOf(error);
  const at = deps.now();
  let next = breakerFailed(state, at, code, deps.breaker);
  if (code === FEED_CODES.canceled) next = breakerReleased(state);
  if (code === FEED_CODES.noData) next = breakerSucceeded();
  if (waitMs !== null) next = breakerHeld(state, at + waitMs, code);
  progress.breakers.set(key, next);
}

/** Sources of the order that can be asked now; the others leave a note. */
function standing(deps: ChainDeps, kind: DataKindCn, progress: Progress): SourceCn[] {
  const found: SourceCn[] = [];
  for (const name of deps.order[kind]) {
    const source = deps.sources.find((each) => each.name === name);
    if (source?.offers[kind] !== undefined) found.push(source);
    else progress.note.push(fetchNote('source_skipped', name, { cause: 'not_configured' }));
  }
  if (found.length === 0) progress.note.push(fetchNote('not_offered', 'none', { kind }));
  return found;
}

function failed(deps: ChainDeps, progress: Progress): AnyResult {
  const at = deps.now();
  const note = [...progress.note];
  return { data: null, source: 'none', fetchedAt: at, asOf: at, degraded: true, note };
}

/** Goes through the sources until one has the data or the time is over. */
async function walk<K extends DataKindCn>(
  deps: ChainDeps,
  kind: K,
  ask: KindsCn[K]['ask'],
  when: { readonly deadlineAt: number; readonly signal: AbortSignal },
  progress: Progress,
): Promise<AnyResult> {
  const sources = standing(deps, kind, progress);
  for (const [index, source] of sources.entries()) {
    const key = `${source.name}/${kind}`;
    const at = deps.now();
    const leftMs = when.deadlineAt - at - MARGIN_MS;
    if (leftMs <= 0 || when.signal.aborted) {
      progress.note.push(fetchNote(when.signal.aborted ? 'canceled' : 'out_of_time', source.name));
      break;
    }
    const state = progress.breakers.get(key) ?? CLOSED_BREAKER;
    const permit = askBreaker(state, at, deps.breaker);
    if (permit.kind === 'refuse') {
      const figures = { cause: permit.cause, waitMs: permit.untilAt - at };
      progress.note.push(fetchNote('source_skipped', source.name, figures));
      continue;
    }
    progress.breakers.set(key, permit.state);
    const shareMs = index === sources.length - 1 ? leftMs : leftMs * SHARE_BEFORE_OTHERS;
    const timeoutMs = Math.round(Math.min(deps.attemptMs(source.name), shareMs));
    const tell = (outcome: string, quarantined: number) =>
      deps.onAttempt({ source: source.name, kind, at, ms: deps.now() - at, outcome, quarantined });
    try {
      const { found, judged } = await attempt(deps, source, kind, ask, when.signal, timeoutMs);
      const anomalies = [...found.anomalies, ...judged.anomalies];
      if (anomalies.length > 0) deps.onAnomalies(kind, anomalies);
      if (judged.refusal !== null) {
        const { code, found: what, expected } = judged.refusal;
        progress.breakers.set(key, breakerSucceeded());
        progress.note.push(
          fetchNote('answer_refused', source.name, { cause: code, found: what, expected }),
        );
        tell('refused', anomalies.length);
        continue;
      }
      progress.breakers.set(key, breakerSucceeded());
      tell('answered', anomalies.length);
      const note = [
        ...progress.note,
        ...found.note,
        ...remarks(source.name, anomalies),
        ...judged.note,
      ];
      const fetchedAt = deps.now();
      return {
        data: judged.kept,
        source: source.name,
        fetchedAt,
        asOf: found.asOf ?? fetchedAt,
        degraded: note.some(({ code }) => DEGRADING.has(code)),
        note,
      };
    } catch (error) {
      noteFailure(deps, progress, key, error);
      tell(codeOf(error), 0);
      if (!(error instanceof FeedError)) throw error;
      progress.note.push(fetchNote('source_failed', source.name, { cause: error.code }));
    }
  }
  return failed(deps, progress);
}

/** The entry point over the sources of a profile. */
export function createMarketDataCn(deps: ChainDeps): MarketDataCn {
  const flights = createFlights<AnyResult>();
  const breakers = new Map<string, BreakerState>();
  const cache = new Map<string, AnyResult>();

  const keep = (key: string, result: AnyResult): void => {
    if (result.data === null) return;
    cache.delete(key);
    cache.set(key, result);
    const [oldest] = cache.keys();
    if (cache.size > CACHED && oldest !== undefined) cache.delete(oldest);
  };

  async function fetch<K extends DataKindCn>(
    kind: K,
    what: KindsCn[K]['ask'],
    ask: FetchAsk,
  ): Promise<FetchResult<KindsCn[K]['data']>> {
    const key = `${kind} ${stableHash(canonicalJson(what))}`;
    const known = cache.get(key);
    if (known !== undefined && deps.now() - known.fetchedAt < (ask.maxAgeMs ?? 0)) {
      return known as FetchResult<KindsCn[K]['data']>;
    }
    // a flight that another asker began with less time is joined first, then a new one is made
    for (let round = 0; ; round += 1) {
      const progress: Progress = { note: [], breakers };
      const begin = (signal: AbortSignal) =>
        walk(deps, kind, what, { deadlineAt: ask.deadlineAt, signal }, progress);
      const timeoutMs = ask.deadlineAt - deps.now();
      const found = await flights.join(key, begin, { timeoutMs, signal: ask.signal });
      if (found !== null) keep(key, found);
      const hasTime = deps.now() < ask.deadlineAt && ask.signal?.aborted !== true;
      const isCutShort = found?.note.some(({ code }) => code === 'out_of_time') === true;
      if (found !== null && !(isCutShort && hasTime && round === 0)) {
        return found as FetchResult<KindsCn[K]['data']>;
      }
      if (found !== null) continue;
      const code = ask.signal?.aborted === true ? 'canceled' : 'out_of_time';
      progress.note.push(fetchNote(code, 'none', { kind }));
      return failed(deps, progress) as FetchResult<KindsCn[K]['data']>;
    }
  }

  return {
    snapshot: (universe, ask) => fetch('snapshot', { universe }, ask),
    quotes: (instruments, ask) => fetch('quotes', { instruments }, ask),
    limitPool: (kind, day, ask) => fetch('limit_pool', { kind, day }, ask),
    minuteBars: (instrument, day, ask) => fetch('minute_bars', { instrument, day }, ask),
    dailyBarsOn: (day, ask) => fetch('daily_bars_on', { day }, ask),
    dailyBarsOf: (instrument, from, through, ask) =>
      fetch('daily_bars_of', { instrument, from, through }, ask),
    indexDaily: (instrument, from, through, ask) =>
      fetch('index_daily', { instrument, from, through }, ask),
    margin: (day, ask) => fetch('margin', { day }, ask),
    sectors: (ask) => fetch('sectors', {}, ask),
    securities: (ask) => fetch('securities', {}, ask),
    corporateActions: (day, ask) => fetch('corporate_actions', { day }, ask),
    adjustments: (day, ask) => fetch('adjustments', { day }, ask),
    suspensions: (day, ask) => fetch('suspensions', { day }, ask),
    priceLimits: (day, ask) => fetch('price_limits', { day }, ask),
    tradingDays: (from, through, ask) => fetch('trading_days', { from, through }, ask),
  };
}
