import { decide } from '#core/engine/decide.ts';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import { EMPTY_VIEW, type MarketView, observe } from '#core/engine/view.ts';
import { invariant } from '#core/lib/assert.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Actor, DeskAct } from '#core/replies/act.ts';
import { DecidedRows, type MetRow } from './decided-rows.ts';
import type { Decide, DeskDeps, Known, Waiting } from './desk-deps.ts';
import type { DeskHandle, KillReceipt, StepOptions, StepOutcome } from './desk-handle.ts';
import { DeskSnapshots } from './desk-snapshots.ts';
import { DeskTimer } from './desk-timer.ts';
import { StoreError } from './errors.ts';
import { fromStored, streamOf, toStored } from './event-form.ts';
import { InputRecorder } from './input-recorder.ts';
import { cancelStrangers } from './kill-strangers.ts';
import { foreseen } from './person-desks.ts';
import type { EventContext, OutboxRow } from './ports.ts';
import { raisesRisk } from './raises-risk.ts';
import type { StepFacts, StepPlan } from './step-plan.ts';
import { contextOf, meetKnown, planStep, unstored, writeFiles } from './step-plan.ts';
import { answeredBy, StoreGap } from './store-gap.ts';
import { NOTHING_NEW, UrgentLane } from './urgent-lane.ts';

const CONFLICT_TRIES = 5;

function rowOf({ inboxDone, row }: StepOptions): number | null {
  return row ?? inboxDone?.id ?? null;
}

/**
 * One desk: a serial queue of inputs in front of `decide`, its state the fold of its events. A step
 * appends events and outbox rows in one transaction and hands the rows over right after the commit.
 * When the store is down, steps that only reduce risk go to the journal and act; others are refused.
 */
export class Desk implements DeskHandle {
  readonly policy: Policy;
  readonly stream: string;
  readonly #deps: DeskDeps;
  readonly #decide: Decide;
  #state: DeskState;
  #view: MarketView = EMPTY_VIEW;
  #version = 0;
  #known: Known | null = null;
  #queue: Waiting[] = [];
  #isRunning = false;
  #isRecovering = false;
  readonly #recorder: InputRecorder;
  readonly #gap: StoreGap;
  readonly #rows: DecidedRows;
  readonly #snapshots: DeskSnapshots;
  #next: Desk | null = null;
  readonly #timer: DeskTimer;
  readonly #urgent: UrgentLane;
  readonly #listeners: ((events: readonly Event[], input: Input) => void)[] = [];

  constructor(deps: DeskDeps) {
    this.#deps = deps;
    this.#decide = deps.decide ?? decide;
    this.policy = deps.policy;
    this.stream = streamOf(deps.runId, deps.policy.deskId);
    this.#state = initialState(deps.policy);
    this.#gap = new StoreGap(deps.events, deps.journal, deps.outbox, this.stream);
    this.#rows = new DecidedRows(deps.events, this.stream);
    this.#snapshots = new DeskSnapshots(deps, this.stream);
    this.#urgent = new UrgentLane(deps);
    const wake = () => this.post({ kind: 'time_passed', at: deps.clock.now() });
    this.#timer = new DeskTimer(deps.clock, wake);
    deps.person?.join(deps.policy, this.state);
    this.#recorder = new InputRecorder({ ...deps, stream: this.stream });
  }

  readonly state = (): DeskState => this.#next?.state() ?? this.#state;
  readonly view = (): MarketView => this.#next?.view() ?? this.#view;

  /** Version of the newest event in the state. */
  version(): number {
    return this.#version;
  }

  /** True while stored events of an interrupted execution are being met again. */
  isCatchingUp(): boolean {
    return this.#known !== null && this.#version < this.#known.events.length;
  }

  /** True when an entry may not leave, whatever was committed before: read before the first byte. */
  areEntriesBlocked(): boolean {
    return (
      this.#urgent.isBlocking() ||
      this.#state.kill.kind !== 'clear' ||
      this.#deps.killFile.read() !== 'absent'
    );
  }

  /** True when the immediate lane has already handed this cancel to the broker. */
  wasCanceledEarly(orderId: string): boolean {
    return this.#urgent.hasCanceled(orderId);
  }

  onEvents(listen: (events: readonly Event[], input: Input) => void): void {
    this.#listeners.push(listen);
  }

  fetchQuote(instrument: InstrumentId, timeoutMs: number): Promise<Quote | null> {
    return this.#deps.fetchQuote(instrument, timeoutMs);
  }

  /**
   * Starts from the log: newest snapshot plus tail. Journal entries of a store outage are appended first.
   * What is submitted meanwhile, a kill seen at the start for one, waits until the state is whole.
   */
  async recover(): Promise<{ events: number; fromJournal: number }> {
    this.#isRecovering = true;
    const found = await this.#fold();
    this.#isRecovering = false;
    this.#deps.person?.noteFolded(this.policy.deskId);
    if (this.#queue.length > 0) void this.#deps.activity.track(() => this.#drain());
    return found;
  }

  async #fold(): Promise<{ events: number; fromJournal: number }> {
    const snapshot = await this.#snapshots.newest();
    if (snapshot !== null) {
      this.#state = snapshot.state;
      this.#version = snapshot.version;
    }
    const causation = await this.#catchUp();
    const { events: left, overtaken } = await this.#gap.takeOver(this.#version);
    if (overtaken > 0) {
      const found = `${this.stream}: ${overtaken} steps of an outage are not in the book: another process led meanwhile`;
      this.#deps.onTrouble(
        'journal',
        new StoreError(found, { code: 'overtaken', retryable: false }),
      );
    }
    for (const stored of left) this.#state = evolve(this.#state, fromStored(stored));
    this.#version += left.length;
    await this.#gap.flush(this.#version);
    // the newest event's causation tells from where on to look for recorded inputs
    await this.#recorder.goOn(Number(causation?.split(':').at(-1) ?? '0') || 0);
    this.#arm();
    return { events: this.#version, fromJournal: left.length };
  }

  /** Runs the same inputs again from the start: stored events are compared, not written twice. */
  resume(known: Known): void {
    this.#known = known;
    this.#recorder.meet(known.inputs);
  }

  /** Hands the stream to the desk that was opened in its place; what still comes here goes there. */
  succeededBy(next: Desk): void {
    this.#next = next;
    this.#timer.stop();
  }

  submit(input: Input, options: StepOptions = {}): Promise<StepOutcome> {
    if (this.#next !== null) return this.#next.submit(input, options);
    return new Promise((resolve, reject) => {
      this.#queue.push({ input, options, resolve, reject });
      if (!this.#isRunning && !this.#isRecovering)
        void this.#deps.activity.track(() => this.#drain());
    });
  }

  async stored(): Promise<void> {
    // an input with an audit is committed even when it changes nothing, and what waits goes before it
    await this.submit({ kind: 'time_passed', at: this.#deps.clock.now() }, { audit: [] });
    const found = `${this.stream}: found steps in the journal only, expected the store`;
    if (this.#gap.isWaiting()) throw new StoreError(found, { code: 'store_down', retryable: true });
  }

  /** Sends an input whose outcome nobody waits for; a failure is reported as trouble. */
  post(input: Input): void {
    this.submit(input).catch((error: unknown) =>
      this.#deps.onTrouble(`input ${input.kind}`, error),
    );
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        try {
          next.resolve(await this.#step(next.input, next.options));
        } catch (error) {
          next.reject(error);
        }
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #step(given: Input, options: StepOptions): Promise<StepOutcome> {
    const startedAt = this.#deps.stopwatch();
    const { person } = this.#deps;
    const row = rowOf(options);
    const before = this.#rows.mayKnow(row) ? await this.#rows.meet(row) : null;
    if (before !== null) return await this.#meetAgain(before, given);
    // from here to the decision nothing waits: what the other desks hold may not change meanwhile
    const input = person?.withOthers(this.policy.deskId, given) ?? given;
    let view = observe(this.#view, input);
    this.#recorder.record(input, options.inboxDone?.id ?? null);
    for (let attempt = 0; ; attempt += 1) {
      const events = this.#decide(this.#state, view, input, this.policy);
      this.#urgent.noteEvents(events);
      const done = await foreseen(person, this.policy.deskId, this.#state, events, async () => {
        if (input.kind === 'operator_acted') await this.flushInputs();
        return this.#commit(input, events, options);
      });
      if (done === 'conflict') {
        // the other desks have moved on meanwhile, and what they were allows no entry
        view = { ...view, others: null };
        invariant(
          attempt < CONFLICT_TRIES,
          `${this.stream}: ${CONFLICT_TRIES} version conflicts in a row`,
        );
        await this.#catchUp();
        const stored = await this.#rows.meet(row);
        if (stored !== null) return await this.#meetAgain(stored, input);
        continue;
      }
      this.#rows.note(row, events);
      this.#view = view;
      this.#arm();
      const ms = this.#deps.stopwatch() - startedAt;
      this.#deps.onStep?.({ input, events, version: this.#version, ms });
      if (events.length > 0) for (const listen of this.#listeners) listen(events, input);
      return { events, state: this.#state };
    }
  }

  /** A row that was decided before is answered as it was then; what only the log knew is told now. */
  async #meetAgain({ events, isNews }: MetRow, input: Input): Promise<StepOutcome> {
    if (isNews) {
      await this.#catchUp();
      this.#arm();
      for (const listen of this.#listeners) listen(events, input);
    }
    return { events, state: this.#state };
  }

  /** Applies what the log has beyond the state; answers the causation of the newest event. */
  async #catchUp(): Promise<string | null> {
    let causation: string | null = null;
    for (const stored of await this.#deps.events.read(this.stream, this.#version)) {
      this.#state = evolve(this.#state, fromStored(stored));
      this.#version = stored.version;
      causation = stored.causationId;
    }
    return causation;
  }

  #context(input: Input, options: StepOptions): EventContext {
    const causationId = `${input.kind}:${this.#recorder.ordinal()}`;
    return contextOf(this.#deps, this.policy, this.#state, input.at, causationId, options);
  }

  #facts(at: number): StepFacts {
    const { runId, killFile, targets } = this.#deps;
    const { stream, policy } = this;
    return {
      state: this.#state,
      version: this.#version,
      stream,
      runId,
      policy,
      at,
      targets: targets(),
      killFile,
    };
  }

  async #commit(
    input: Input,
    events: readonly Event[],
    options: StepOptions,
  ): Promise<'done' | 'conflict'> {
    if (events.length === 0 && options.inboxDone === undefined && options.audit === undefined)
      return 'done';
    const plan = planStep(this.#facts(input.at), events);
    const met = meetKnown(this.#known, this.stream, this.#version, events, plan.rows);
    if (met !== null) {
      this.#apply(plan.state, events.length, met, plan.files);
      return 'done';
    }
    try {
      await this.#gap.flush(this.#version);
      const result = await this.#deps.events.append({
        stream: this.stream,
        expectedVersion: this.#version,
        context: this.#context(input, options),
        events: events.map(toStored),
        outbox: plan.rows,
        ...answeredBy(options),
      });
      if (result.kind === 'version_conflict') return 'conflict';
      this.#apply(plan.state, events.length, result.outbox, plan.files);
      return 'done';
    } catch (error) {
      // deposed: another process decides for this desk now, whatever it is about
      const isDown = error instanceof StoreError && error.code !== 'deposed';
      if (!isDown || events.length === 0 || events.some(raisesRisk)) {
        if (isDown) this.#rows.lost(rowOf(options), this.#version, events);
        throw error;
      }
      this.#actWithoutStore(input, events, options, plan, error);
      return 'done';
    }
  }

  #apply(
    state: DeskState,
    added: number,
    rows: readonly OutboxRow[],
    files: readonly (() => void)[],
  ): void {
    this.#state = state;
    this.#version += added;
    writeFiles(files, this.#deps.onTrouble);
    if (rows.length > 0) this.#deps.handOver(rows);
    // a snapshot beyond the log would be a state that no other machine can go on from
    if (this.#known === null && !this.#gap.isWaiting())
      this.#snapshots.keep({ version: this.#version, state });
  }

  /** Risk-reducing steps act without the store: journal first (fsynced), then the effects. */
  #actWithoutStore(
    input: Input,
    events: readonly Event[],
    options: StepOptions,
    plan: StepPlan,
    cause: unknown,
  ): void {
    this.#deps.onTrouble(`store down, ${input.kind} kept in the journal`, cause);
    const kept = events.map(toStored);
    const context = this.#context(input, options);
    const answered = answeredBy(options);
    this.#gap.keep(this.#version, input.at, kept, context, plan.rows, answered);
    this.#apply(plan.state, events.length, unstored(plan.rows), plan.files);
  }

  /** Writes buffered inputs. */
  flushInputs(): Promise<void> {
    return this.#recorder.flush();
  }

  /** Wakes the desk at the next instant at which time alone changes something. */
  #arm(): void {
    if (this.#next !== null) return;
    this.#timer.set(nextDeadline(this.#state, this.#view, this.policy, this.#deps.clock.now()));
  }

  /** Stops the clock's timers; inputs under way are finished. */
  async stop(): Promise<void> {
    this.#timer.stop();
    await this.flushInputs();
  }

  killNow(
    actor: Actor,
    scope: string,
    sentAt: number,
    updateKey?: string,
    isWritten = false,
  ): KillReceipt {
    return this.#actNow(actor, { act: 'kill', scope }, sentAt, updateKey, isWritten);
  }

  stopNow(actor: Actor, reason: string | null, sentAt: number, updateKey?: string): KillReceipt {
    return this.#actNow(actor, { act: 'stop', scope: null, reason }, sentAt, updateKey);
  }

  #actNow(
    actor: Actor,
    act: Extract<DeskAct, { act: 'kill' | 'stop' }>,
    sentAt: number,
    updateKey: string | undefined,
    isWritten = false,
  ): KillReceipt {
    if (this.#next !== null) return this.#next.#actNow(actor, act, sentAt, updateKey, isWritten);
    if (updateKey !== undefined && this.#state.heard.includes(updateKey)) return NOTHING_NEW;
    const key = updateKey === undefined ? {} : { updateKey };
    const at = this.#deps.clock.now();
    const isToWrite = act.act === 'kill' && !isWritten;
    const note = isToWrite ? { by: actor.id, scope: act.scope ?? 'all', at, ...key } : null;
    const input = { kind: 'operator_acted', at, act, actor, sentAt, quote: null } as const;
    const receipt = this.#urgent.act(this.state, note, () =>
      this.submit({ ...input, isConfirmed: false, ...key }),
    );
    const isWhole = act.act === 'kill' && act.scope !== this.policy.deskId;
    const strangers = isWhole
      ? cancelStrangers({ ...this.#deps, desk: this, told: this.#urgent.toldStrangers })
      : NOTHING_NEW.strangers;
    return { ...receipt, strangers };
  }
}
