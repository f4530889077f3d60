import { followByHand } from '#app/by-hand.ts';
import { createCheckpointGuard } from '#app/checkpoint-guard.ts';
import type { CnMarketSource, GatheredCn, MorningCn } from '#app/cn-market.ts';
import { createOrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { jobBodyOf, takeJobRow } from '#app/job-inputs.ts';
import { handIn } from '#app/job-work.ts';
import type { FetchResult, OutboxRow } from '#app/ports.ts';
import type { PulseJob } from '#app/pulse-jobs.ts';
import { createRemoteDesk } from '#app/remote-desk.ts';
import type { Message } from '#core/engine/message.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { CorporateActionCn, LimitPoolCn, MinuteBarCn } from '#core/market/records-cn.ts';
import { fetchNote } from '#core/quality/note.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { createManualBroker } from '#shell/brokers/manual.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { memoryJournal, memoryKillFile } from './app-desk.ts';
import { shanghaiSession } from './cn-desk.ts';
import { PULSE_CALENDAR, PULSE_DAY, pulseMarket, pulseParams } from './pulse-market.ts';
import { pulsePolicyOf } from './pulse-steps.ts';

const RUN = 'live';
const MINUTE = 60_000;

/** What each source of the free profile does without a network. */
const DOWN = [
  ['eastmoney', 'network'],
  ['manual', 'no_data'],
  ['on_file', 'no_data'],
] as const;

/** How the made-up source of a test behaves from now on. */
export type FakeMode = {
  look: 'answers' | 'hangs' | 'fails';
  factor: number;
  /** No network: nothing at all is answered, not even the list of shares. */
  isDown: boolean;
  /** Closes of the day before as traded, where they are not today's previous close. */
  closes: Map<InstrumentId, number>;
  /** Ex-dates that somebody brought in. */
  onFile: CorporateActionCn[];
};

/** A source whose market stands as the fixture does, its prices times `factor`; a hang ends at the deadline. */
export function fakeCnMarket(clock: { now(): number; at(at: number, run: () => void): unknown }) {
  const fixture = pulseMarket();
  const mode: FakeMode = {
    look: 'answers',
    factor: 1,
    isDown: false,
    closes: new Map(),
    onFile: [],
  };
  const kept: { day: string; time: string; value: number }[] = [];
  const rowOf = (instrument: InstrumentId) => fixture.table.instruments.indexOf(instrument);
  const morning: MorningCn = {
    tradingDay: PULSE_DAY,
    facts: {
      tradingDay: PULSE_DAY,
      securities: [],
      listedOn: new Map(fixture.table.instruments.map((id) => [id, '2001-01-05'])),
      securitiesAsOf: PULSE_DAY,
      sectors: [],
      suspended: new Set(),
      limits: new Map(),
      exDateOpen: new Set(),
      universe: 'made up',
    },
    table: fixture.table,
    history: fixture.history,
    composite: fixture.composite,
    csi300: fixture.csi300,
    margin: fixture.margin,
    concentrations: fixture.concentrations,
    note: [],
  };
  function answered<T>(data: T | null, why: string | null): FetchResult<T> {
    const now = clock.now();
    return {
      data,
      source: data === null ? 'none' : 'made up',
      fetchedAt: now,
      asOf: now,
      degraded: data === null,
      note: why === null ? [] : [fetchNote('source_failed', 'made up', { cause: why })],
    };
  }
  const inputsNow = (): MarketInputs => {
    const asOf = clock.now() - 3_000;
    const { snapshot, composite } = fixture;
    return {
      ...fixture,
      snapshot: {
        ...snapshot!,
        asOf,
        fetchedAt: clock.now(),
        last: snapshot!.last.map((price) => price * mode.factor),
      },
      composite: { ...composite!, asOf, fetchedAt: clock.now() },
    };
  };
  function quoteOf(instrument: InstrumentId): QuoteCn | null {
    const row = rowOf(instrument);
    if (row < 0) return null;
    const { snapshot } = fixture;
    const last = Math.round(snapshot!.last[row]! * mode.factor * 100) / 100;
    return {
      instrument,
      name: fixture.table.names[row]!,
      last,
      previousClose: snapshot!.previousClose[row]!,
      open: last,
      high: last,
      low: last,
      volume: 1e6,
      amount: 1e6 * last,
      limitUp: Math.round(snapshot!.previousClose[row]! * 110) / 100,
      limitDown: Math.round(snapshot!.previousClose[row]! * 90) / 100,
      bid: Math.round((last - 0.01) * 100) / 100,
      ask: last,
      bidSize: 10_000,
      askSize: 10_000,
      status: 'normal',
      at: clock.now() - 1_000,
    };
  }
  const untilDeadline = (deadlineAt: number) =>
    new Promise<void>((resolve) => {
      clock.at(deadlineAt, resolve);
    });
  const market: CnMarketSource = {
    morning: async () => {
      const { instruments } = fixture.table;
      const lastCloses = Float64Array.from(
        fixture.snapshot!.previousClose,
        (close, row) => mode.closes.get(instruments[row]!) ?? close,
      );
      if (!mode.isDown) return answered({ ...morning, lastCloses }, null);
      const note = [...DOWN, ...DOWN].map(([source, cause]) =>
        fetchNote('source_failed', source, { cause }),
      );
      return { ...answered<MorningCn>(null, null), note };
    },
    async look(_morning, ask): Promise<GatheredCn> {
      if (mode.isDown) {
        const note = DOWN.map(([source, cause]) => fetchNote('source_failed', source, { cause }));
        return { inputs: { ...inputsNow(), snapshot: null }, degraded: true, note };
      }
      if (mode.look === 'hangs') await untilDeadline(ask.deadlineAt);
      if (mode.look === 'answers') return { inputs: inputsNow(), degraded: false, note: [] };
      const cause = mode.look === 'hangs' ? 'timeout' : 'http_status';
      const note = [fetchNote('source_failed', 'made up', { cause })];
      return { inputs: { ...inputsNow(), snapshot: null }, degraded: true, note };
    },
    quotes: async (instruments) =>
      mode.isDown
        ? answered<QuoteCn[]>(null, 'network')
        : answered(
            instruments.flatMap((instrument) => quoteOf(instrument) ?? []),
            null,
          ),
    minuteBars: async (instrument, day) => {
      if (mode.isDown) return answered<MinuteBarCn[]>(null, 'network');
      const quote = quoteOf(instrument);
      if (quote?.last == null) return answered<MinuteBarCn[]>(null, 'no_data');
      const { openAt, breaks } = shanghaiSession(day);
      const price = quote.last;
      const through = day === PULSE_DAY ? clock.now() : openAt + 330 * MINUTE;
      const bars: MinuteBarCn[] = [];
      for (let closedAt = openAt + MINUTE; closedAt <= through; closedAt += MINUTE) {
        if (breaks.some(({ fromAt, toAt }) => closedAt > fromAt && closedAt <= toAt)) continue;
        const volume = day === PULSE_DAY ? 2_000 : 1_000;
        const openedAt = closedAt - MINUTE;
        const prices = { open: price, high: price, low: price, close: price };
        bars.push({ instrument, openedAt, closedAt, ...prices, volume, amount: volume * price });
      }
      return answered(bars, null);
    },
    pool: async () => answered<LimitPoolCn>(null, 'no_data'),
    exDatesOnFile: async (day) => mode.onFile.filter(({ exDate }) => exDate === day),
    async keepConcentration(day, time, value) {
      kept.push({ day, time, value });
    },
  };
  const previousCloseOf = (instrument: InstrumentId) =>
    fixture.snapshot!.previousClose[rowOf(instrument)]!;
  return { market, mode, kept, previousCloseOf };
}

/** A live A-share desk on a manual account, its jobs in the same process, all on a virtual clock. */
export function liveCnDesk(startAt: number) {
  const clock = createVirtualClock({ startAt });
  const activity = createActivity();
  const store = createMemoryStore(() => clock.now());
  const fake = fakeCnMarket(clock);
  const params = pulseParams();
  const policy = pulsePolicyOf({ isPerson: true, broker: 'manual' });
  const broker = createManualBroker({
    accountId: policy.accountId,
    environment: 'paper',
    clock,
    sellableAfterDays: 1,
  });
  broker.attest({ holdings: [], cashMinor: policy.capitalMinor });
  const messages: Message[] = [];
  const troubles: string[] = [];
  const onTrouble = (place: string, error: unknown) => void troubles.push(`${place}: ${error}`);
  const desk: Desk = new Desk({
    policy,
    runId: RUN,
    configHash: 'test',
    codeVersion: 'test',
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: memoryJournal(),
    killFile: memoryKillFile(),
    broker,
    activity,
    targets: () => [{ channel: 'terminal', chatId: 'terminal' }],
    fetchQuote: async () => null,
    handOver: (rows: readonly OutboxRow[]) => {
      lane.take(rows.filter((row) => row.lane.startsWith('order:')));
      for (const row of rows)
        if (row.lane.startsWith('chat:'))
          messages.push((row.payload as { message: Message }).message);
    },
    onTrouble,
    stopwatch: () => performance.now(),
  });
  const lane = createOrderLane({
    desk,
    broker,
    outbox: store.outbox,
    clock,
    activity,
    fence: { mayLeave: async () => true },
    onTrouble,
  });
  followByHand(desk, broker, onTrouble);
  desk.onEvents((events) => lane.follow(events));
  broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));

  const take = async (): Promise<void> => {
    for (const row of await store.inbox.pending(RUN, 100)) {
      const body = jobBodyOf(row);
      if (body !== null) await takeJobRow(row, body, [desk], () => clock.now());
    }
  };
  const stop = new AbortController();
  const job = (): PulseJob => ({
    desk: createRemoteDesk({
      events: store.events,
      snapshots: store.snapshots,
      stream: desk.stream,
      policy,
      handIn: async (key, input) => {
        const to = { runId: RUN, deskId: policy.deskId, inbox: store.inbox };
        await handIn(to, key, input, clock.now());
        await take();
      },
    }),
    market: fake.market,
    session: shanghaiSession(PULSE_DAY),
    calendar: PULSE_CALENDAR,
    params,
    clock,
    budgetMs: 20_000,
    signal: stop.signal,
    onNote: () => undefined,
  });
  const guard = createCheckpointGuard({
    desk,
    clock,
    calendar: PULSE_CALENDAR,
    times: ['10:00', '14:00', '14:45'],
    patienceMs: MINUTE,
    onTrouble,
  });
  const breathe = async () => {
    for (let k = 0; k < 12; k += 1) await new Promise((resolve) => setImmediate(resolve));
    await activity.settled();
  };
  /** Lets everything that is due until then happen, one timer after the other. */
  const until = async (instant: number): Promise<void> => {
    await breathe();
    for (let due = clock.nextDue(); due !== null && due <= instant; due = clock.nextDue()) {
      clock.runNext();
      await breathe();
    }
    clock.advanceTo(instant);
    await breathe();
  };
  const textOf = (message: Message, language: 'zh' | 'en' = 'zh') =>
    renderMessage(message, language, { now: clock.now() }).lines.join('\n');
  return { clock, store, desk, broker, fake, job, guard, until, messages, textOf, troubles, stop };
}
