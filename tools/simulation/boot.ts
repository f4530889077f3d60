import { StoreError } from '#app/errors.ts';
import { isOfferOver } from '#app/offer-over.ts';
import type { Clock } from '#app/ports.ts';
import { decide } from '#core/engine/decide.ts';
import { InvariantError } from '#core/lib/assert.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { connectByHand } from './by-hand.ts';
import { startProcess } from './desk-process.ts';
import { leadUnder, standBy } from './leading.ts';
import { clockOf, guarded, Life } from './life.ts';
import type { Parts } from './process-parts.ts';
import { RESTART_MS, type Stage } from './stage.ts';
import { wireStore } from './store-wire.ts';
import { watchWire } from './watchers.ts';

/** Replaces parts of a process; for planted bugs. */
export type Tamper = (parts: Parts, life: Life, stage: Stage) => Parts;

/**
 * Starts a process of the desk; when it dies the next one starts by itself, on the other machine where one
 * stands by. `epoch` is what it leads under when it has taken over already.
 */
export function boot(stage: Stage, tamper: Tamper, epoch: number | null = null): void {
  const { now, time, store, plan } = stage;
  if (!plan.setting.hasStandby || epoch !== null) return start(stage, tamper, epoch);
  if (now.isStoreDown) {
    time.at(time.now() + RESTART_MS, () => boot(stage, tamper));
    return;
  }
  void store.epochs.raise(now.machine).then((raised) => start(stage, tamper, raised));
}

/** The other machine takes over under an epoch it has raised, or raises now. */
function takeOver(stage: Stage, tamper: Tamper, epoch: number | null): void {
  const { now } = stage;
  now.machine = now.machine === 'first' ? 'second' : 'first';
  stage.note(`the ${now.machine} machine takes over`);
  stage.count('takeover');
  boot(stage, tamper, epoch);
}

/** The standby begins to look when the leader is stopped. */
export function watchStandby(stage: Stage, tamper: Tamper): () => void {
  return () => {
    if (stage.plan.setting.hasStandby)
      standBy(stage, (epoch) => guarded(() => takeOver(stage, tamper, epoch)));
  };
}

function start(stage: Stage, tamper: Tamper, epoch: number | null): void {
  const { now, time, witness, plan, policy } = stage;
  const { machine } = now;
  now.lives += 1;
  const life = lifeOf(stage, tamper);
  stage.note(`#${life.number} starts`);
  witness.disturbBroker();
  const clock = clockOf(life, time, () => now.skewMs[machine]);
  now.process = startProcess({
    life,
    policy,
    clock,
    parts: tamper(partsOf(stage, life, clock, epoch), life, stage),
    speaker: stage.speaking.speaker,
    snapshotEvery: plan.setting.snapshotEvery,
    sweepMs: plan.setting.sweepMs,
    newNonce: () => {
      now.nonces += 1;
      return `nonce${now.nonces}`;
    },
    fetchQuote: (instrument) => fetchQuote(stage, life, instrument),
    seeKillFile: () => stage.disks[machine].see(),
    onKillSeen: (at) => stage.disks[machine].seen(at),
    onRows: (rows) => witness.given(rows, life),
    onRecovered: () => {
      stage.note(`#${life.number} has recovered`);
      witness.disturbBroker();
      void witness.tellAndWait('recovered', life);
    },
    onTrouble: (place, error) => troubled(stage, life, place, error),
  });
}

/** A quote on request; what comes with it is told to the process as any other price is. */
async function fetchQuote(
  { feed, witness }: Stage,
  life: Life,
  instrument: InstrumentId,
): Promise<Quote | null> {
  const quote = await life.reach('quote.fetch', () => feed.fetch(instrument));
  if (quote !== null) witness.tell('told', quote);
  return quote;
}

/** How long the lock of a dead leader is listened behind before the standby leads. */
const TAKE_OVER_MS = 1_000;

function lifeOf(stage: Stage, tamper: Tamper): Life {
  const { faults, now, time, plan } = stage;
  return new Life(
    now.lives,
    now.machine,
    (site) => {
      const death = faults.death(site);
      if (death === null) return null;
      now.downMs = death.downMs;
      return death.strike;
    },
    (dead, where) => {
      stage.note(`#${dead.number} dies ${where}`);
      stage.count('death');
      stage.witness.tell('died', dead);
      const { downMs } = now;
      now.downMs = RESTART_MS;
      // who is overtaken has nothing to start again
      if (dead !== now.process?.life) return;
      if (plan.setting.hasStandby)
        time.at(time.now() + TAKE_OVER_MS, () => guarded(() => takeOver(stage, tamper, null)));
      else time.at(time.now() + downMs, () => guarded(() => boot(stage, tamper)));
    },
  );
}

function partsOf(stage: Stage, life: Life, clock: Clock, epoch: number | null): Parts {
  const { now, time, faults, plan, witness, disks, store } = stage;
  const disk = disks[now.machine];
  const tables = witness.tap(epoch === null ? store : store.under(epoch), life);
  return {
    decide,
    ...brokerOf(stage, life, clock),
    isOver: isOfferOver,
    fence: epoch === null ? null : leadUnder(stage, life, epoch),
    tables: wireStore(tables, {
      life,
      time,
      faults,
      usualMs: plan.setting.storeMs,
      isDown: () => now.isStoreDown,
      onTrouble: () => witness.disturb(),
    }),
    journal: disk.journalOf(life),
    killFile: disk.killFileOf(life),
    rows: (rows) => rows,
    channels: [...stage.servers.values()].map((server) => server.connect(life)),
    access: stage.access,
    codes: stage.codes,
  };
}

/** The account's broker: one behind a wire, or a person. */
function brokerOf(stage: Stage, life: Life, clock: Clock): Pick<Parts, 'broker' | 'byHand'> {
  const { plan, policy, told } = stage;
  if (!plan.setting.isByHand) return { broker: stage.brokerage.connect(life), byHand: null };
  const { accountId, environment, execution } = policy;
  const { sellableAfterDays } = execution;
  const watcher = watchWire(() => stage);
  return connectByHand({ accountId, environment, sellableAfterDays, clock, life, told, watcher });
}

/** A failure of the world is expected; a bug that the code itself notices is a finding. */
function troubled(stage: Stage, life: Life, place: string, error: unknown): void {
  const words = error instanceof Error ? error.message : String(error);
  stage.note(`#${life.number} trouble ${place}: ${words}`);
  const isBug =
    error instanceof InvariantError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError;
  if (isBug) stage.witness.fail(0, `${place}: ${words}`);
  if (error instanceof StoreError) stage.witness.disturb();
}
