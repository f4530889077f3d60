import { StoreError } from '#app/errors.ts';
import { decide } from '#core/engine/decide.ts';
import { InvariantError } from '#core/lib/assert.ts';
import { type Parts, startProcess } from './desk-process.ts';
import { clockOf, guarded, Life } from './life.ts';
import { RESTART_MS, type Stage } from './stage.ts';
import { wireStore } from './store-wire.ts';

/** Replaces parts of a process; for planted bugs. */
export type Tamper = (parts: Parts, life: Life, stage: Stage) => Parts;

/** Starts a process of the desk; when it dies the next one starts by itself. */
export function boot(stage: Stage, tamper: Tamper): void {
  const { now, time, witness, plan, policy } = stage;
  now.lives += 1;
  const life = lifeOf(stage, tamper);
  stage.note(`#${life.number} starts`);
  witness.disturbBroker();
  const parts = partsOf(stage, life);
  now.process = startProcess({
    life,
    policy,
    clock: clockOf(life, time, () => now.skewMs),
    parts: tamper(parts, life, stage),
    speaker: stage.speaking.speaker,
    snapshotEvery: plan.setting.snapshotEvery,
    sweepMs: plan.setting.sweepMs,
    newNonce: () => {
      now.nonces += 1;
      return `nonce${now.nonces}`;
    },
    fetchQuote: (instrument) => life.reach('quote.fetch', () => stage.feed.fetch(instrument)),
    onRows: (rows) => witness.given(rows),
    onRecovered: () => {
      stage.note(`#${life.number} has recovered`);
      witness.disturbBroker();
      void witness.tellAndWait('recovered', life);
    },
    onTrouble: (place, error) => troubled(stage, life, place, error),
  });
}

function lifeOf(stage: Stage, tamper: Tamper): Life {
  const { faults, now, time } = stage;
  return new Life(
    now.lives,
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
      time.at(time.now() + downMs, () => guarded(() => boot(stage, tamper)));
    },
  );
}

function partsOf(stage: Stage, life: Life): Parts {
  const { now, time, faults, plan, witness, disk } = stage;
  return {
    decide,
    broker: stage.brokerage.connect(life),
    tables: wireStore(witness.tap(stage.store, life), {
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
  };
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
