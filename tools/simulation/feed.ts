import type { Inbox } from '#app/ports.ts';
import type { Input } from '#core/engine/input.ts';
import { isExposed, pendingTickets } from '#core/engine/select.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import { evaluationAt, type Market } from './market.ts';
import { closingOf } from './phases.ts';
import type { Item, Plan, SymbolIndex } from './plan.ts';
import type { DeskProcess } from './process-parts.ts';
import { RUN_ID } from './process-parts.ts';

const BAR_DELAY_MS = 700;
const RETRY_MS = 1_000;

export type FeedDeps = {
  readonly plan: Plan;
  readonly originAt: number;
  readonly time: VirtualClock;
  readonly market: Market;
  readonly deskId: string;
  readonly instruments: readonly InstrumentId[];
  /** The inbox as the jobs reach it, and whether the store answers. */
  readonly inbox: Inbox;
  readonly isStoreUp: () => boolean;
  readonly isHalted: (symbol: SymbolIndex) => boolean;
  /** Nothing is quoted of it. */
  readonly isSuspended: (symbol: SymbolIndex) => boolean;
  readonly process: () => DeskProcess | null;
  /** A quote is told to the living process. */
  readonly onTold: (quote: Quote) => void;
  readonly note: (words: string) => void;
};

type Of<K extends Item['kind']> = Extract<Item, { kind: K }>;

/**
 * The market data and the jobs: bars that are evaluated and handed in through the inbox, quotes to the
 * process, quotes on request. It can fall silent, stand still, cross, and lie about the time.
 */
export class Feed {
  readonly #deps: FeedDeps;
  readonly #gaps: readonly Of<'gap'>[];
  readonly #lies: readonly Of<'quotes'>[];
  readonly #signals: readonly Of<'signal'>[];
  readonly #given = new Set<string>();
  readonly #last: (Quote | null)[] = [null, null];

  constructor(deps: FeedDeps) {
    this.#deps = deps;
    const { items } = deps.plan;
    this.#gaps = items.filter((item) => item.kind === 'gap');
    this.#lies = items.filter((item) => item.kind === 'quotes');
    this.#signals = items.filter((item) => item.kind === 'signal');
  }

  /** True when this very quote came from here. */
  wasQuoted(quote: Quote): boolean {
    return this.#given.has(keyOf(quote));
  }

  /** A job hands its result in; it tries again while the store is down. */
  handIn(key: string, input: Input): void {
    const { time, inbox, isStoreUp, deskId } = this.#deps;
    if (!isStoreUp()) {
      time.at(time.now() + RETRY_MS, () => this.handIn(key, input));
      return;
    }
    const row = { channel: 'job', updateId: key, body: { deskId, input } };
    void inbox.receive([{ ...row, runId: RUN_ID, receivedAt: time.now() }]);
  }

  /** Sets the bars of a session going. */
  playBars(session: Session, day: number): void {
    const { time } = this.#deps;
    const minutes = Math.round((session.closeAt - session.openAt) / 60_000);
    for (let minute = 1; minute <= minutes; minute += 1) {
      const asOf = session.openAt + minute * 60_000;
      if (session.breaks.some((pause) => asOf > pause.fromAt && asOf <= pause.toAt)) continue;
      // in the auction before the close nothing trades until its end
      const isAuction = asOf > closingOf(session.closeAt) && asOf < session.closeAt;
      if (session.market === 'CN' && isAuction) continue;
      time.at(asOf + BAR_DELAY_MS, () => {
        for (const symbol of [0, 1] as const) this.#bar(symbol, asOf, minute, day);
      });
    }
  }

  #bar(symbol: SymbolIndex, asOf: number, minute: number, day: number): void {
    if (this.#isSilent(symbol, asOf) || this.#deps.isHalted(symbol)) return;
    const { market, instruments } = this.#deps;
    const instrument = instruments[symbol] as InstrumentId;
    const signal = this.#signals.find(
      (one) => one.symbol === symbol && one.minute === minute && one.day === day,
    );
    const distance = signal?.distance ?? null;
    const evaluation = evaluationAt(market, symbol, instrument, asOf, minute, distance);
    if (distance !== null) this.#deps.note(`signal of ${instrument} at ${evaluation.bar.close}`);
    this.handIn(`us-intraday:${instrument}:${asOf}`, {
      kind: 'bar_evaluated',
      at: asOf,
      evaluation,
      inputHash: `${instrument}:${asOf}`,
      quote: null,
    });
  }

  /** The quote of this instant to the process, while something is open or waits. */
  tell(symbol: SymbolIndex): void {
    const running = this.#deps.process();
    if (running === null || !running.life.isAlive) return;
    const state = running.desk.state();
    if (!isExposed(state) && pendingTickets(state).length === 0) return;
    const quote = this.#quote(symbol);
    if (quote === null) return;
    // one that stands still is told when it goes on: what is too old by then is no reason to sell
    const lastAt = quote.at + running.desk.policy.ticket.quoteMaxAgeMs;
    running.life.run(() => {
      if (this.#deps.time.now() <= lastAt) this.#deps.onTold(quote);
      running.quote(quote);
    });
  }

  /** A quote on request; null when there is none. */
  fetch(instrument: InstrumentId): Promise<Quote | null> {
    const { time, instruments } = this.#deps;
    const symbol = instruments.indexOf(instrument) as SymbolIndex;
    return new Promise((resolve) => {
      time.at(time.now() + 120, () => resolve(this.#quote(symbol)));
    });
  }

  #isSilent(symbol: SymbolIndex, at: number): boolean {
    return this.#gaps.some(
      (gap) => (gap.symbol === null || gap.symbol === symbol) && this.#isDuring(gap, at),
    );
  }

  #isDuring(span: { readonly at: number; readonly forMs: number }, at: number): boolean {
    const since = at - this.#deps.originAt - span.at;
    return since >= 0 && since < span.forMs;
  }

  #quote(symbol: SymbolIndex): Quote | null {
    const { market, time } = this.#deps;
    const at = time.now();
    if (this.#isSilent(symbol, at) || this.#deps.isSuspended(symbol)) return null;
    const lie = this.#lies.find((one) => one.symbol === symbol && this.#isDuring(one, at));
    const truth = market.quoteAt(symbol, at);
    const quote = told(truth, lie?.fault ?? null, this.#last[symbol] ?? null);
    this.#last[symbol] = quote;
    this.#given.add(keyOf(quote));
    return quote;
  }
}

function told(truth: Quote, fault: Of<'quotes'>['fault'] | null, last: Quote | null): Quote {
  switch (fault) {
    case null:
      return truth;
    case 'crossed':
      return { ...truth, bid: truth.ask, ask: truth.bid };
    case 'frozen':
      return last ?? truth;
    case 'one_sided':
      return { ...truth, bid: 0, bidSize: 0 };
    case 'future':
      return { ...truth, at: truth.at + 20_000 };
  }
}

function keyOf(quote: Quote): string {
  return `${quote.instrument}|${quote.at}|${quote.bid}|${quote.ask}`;
}
