import { handIn } from '#app/job-work.ts';
import type { Inbox } from '#app/ports.ts';
import type { Input } from '#core/engine/input.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { type Session, wallTimeOf } from '#core/market/session.ts';
import { AAPL, evaluationOf, FACTS, QQQM, signalOf } from './builders.ts';

const MINUTE_MS = 60_000;
const ZONE = 'America/New_York';

/** A session that has been open for half an hour, whatever the clock of the machine says. */
export function sessionAround(now: number): Session {
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return {
    market: 'US',
    tradingDay: wallTimeOf(now, ZONE).day,
    zone: ZONE,
    openAt: minute - 31 * MINUTE_MS,
    closeAt: minute + 240 * MINUTE_MS,
    isEarlyClose: false,
    breaks: [],
  };
}

/** What the jobs of a day hand in to a desk process, said by a test: a session around now, its minutes, a signal. */
export class LiveSession {
  readonly session = sessionAround(Date.now());
  readonly #inbox: Inbox;
  #count = 0;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  async #tell(deskId: string, input: Input): Promise<void> {
    this.#count += 1;
    const key = `test:${deskId}:${this.#count}`;
    await handIn({ runId: 'live', deskId, inbox: this.#inbox }, key, input, Date.now());
  }

  /** The session is planned for QQQM and AAPL, and a quiet minute of each was seen. */
  async open(deskId: string): Promise<void> {
    const at = Date.now();
    const { session } = this;
    await this.#tell(deskId, { kind: 'session_planned', at, session, blackouts: [], facts: FACTS });
    for (const instrument of [AAPL, QQQM]) await this.minute(deskId, instrument);
  }

  /** A minute that closed just now. */
  async minute(deskId: string, instrument: InstrumentId, isSignal = false): Promise<void> {
    const at = Date.now();
    const evaluation = evaluationOf(at, {
      instrument,
      minuteOfSession: Math.round((at - this.session.openAt) / MINUTE_MS),
      signal: isSignal ? signalOf(at, { instrument }) : null,
    });
    const input = { kind: 'bar_evaluated', at, evaluation, inputHash: 'h', quote: null } as const;
    await this.#tell(deskId, input);
  }
}
