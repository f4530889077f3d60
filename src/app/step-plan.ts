import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import { keepUnderWay, settle } from '#core/engine/under-way.ts';
import { invariant } from '#core/lib/assert.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import type { Known } from './desk-deps.ts';
import { toStored } from './event-form.ts';
import { type PushTarget, rowsOf } from './fan-out.ts';
import type { EventContext, KillFile, NewOutboxRow, OutboxRow } from './ports.ts';

/** What a step comes to: the state after it, the rows to store with it, the files to touch after the commit. */
export type StepPlan = {
  readonly state: DeskState;
  readonly rows: readonly NewOutboxRow[];
  readonly files: readonly (() => void)[];
};

export type StepFacts = {
  readonly state: DeskState;
  readonly version: number;
  readonly stream: string;
  readonly runId: string;
  readonly policy: Policy;
  readonly at: number;
  readonly targets: readonly PushTarget[];
  readonly killFile: KillFile;
};

/** What is stored beside the events of a step. */
export function contextOf(
  { runId, configHash, codeVersion }: Pick<EventContext, 'runId' | 'configHash' | 'codeVersion'>,
  { market }: Policy,
  { day }: DeskState,
  occurredAt: number,
  causationId: string,
  { correlationId = null }: { readonly correlationId?: string | null },
): EventContext {
  const tradingDay = day?.tradingDay ?? null;
  return {
    market,
    tradingDay,
    occurredAt,
    runId,
    correlationId,
    causationId,
    configHash,
    codeVersion,
  };
}

/** Folds events and collects the rows their effects call for. */
export function planStep(facts: StepFacts, events: readonly Event[]): StepPlan {
  const { killFile, policy } = facts;
  let state = facts.state;
  const rows: NewOutboxRow[] = [];
  const files: (() => void)[] = [];
  for (const [index, event] of events.entries()) {
    const before = state;
    state = evolve(before, event);
    keepUnderWay(before, state);
    const effects = effectsOf(event, state, policy);
    for (const effect of effects) {
      if (effect.kind === 'write_kill_file')
        files.push(() =>
          killFile.write(effect.by, effect.scope, event.at, effect.updateKey ?? undefined),
        );
      if (effect.kind === 'remove_kill_file') files.push(() => killFile.remove(effect.upTo));
    }
    const version = facts.version + index + 1;
    rows.push(...rowsOf(effects, { ...facts, accountId: policy.accountId, version }));
  }
  return { state: settle(state), rows, files };
}

/** Writes what a step has to write; a full disk keeps no cancel and no exit of the same step from leaving. */
export function writeFiles(
  files: readonly (() => void)[],
  onTrouble: (place: string, error: unknown) => void,
): void {
  for (const write of files) {
    try {
      write();
    } catch (error) {
      onTrouble('kill file', error);
    }
  }
}

/**
 * In a resumed run: the stored rows of a step whose events are stored already; null when the step is
 * new. Another event than the recorded one means that the run cannot be continued.
 */
export function meetKnown(
  known: Known | null,
  stream: string,
  version: number,
  events: readonly Event[],
  rows: readonly NewOutboxRow[],
): OutboxRow[] | null {
  if (known === null || version >= known.events.length) return null;
  for (const [index, event] of events.entries()) {
    const stored = known.events[version + index];
    const isSame =
      stored !== undefined &&
      canonicalJson(toStored(event)) === canonicalJson({ type: stored.type, data: stored.data });
    invariant(
      isSame,
      `${stream}: version ${version + index + 1} found ${event.type}, expected the recorded ${stored?.type ?? 'end of the log'}; the run cannot be continued, start it with another --seed or reset the store`,
    );
  }
  return rows.flatMap((row) => known.rows.get(row.dedupeKey) ?? []);
}

/** Rows of a step that is in the journal only: id 0, nothing of them is in the store yet. */
export function unstored(rows: readonly NewOutboxRow[]): readonly OutboxRow[] {
  return rows.map((row) => ({
    ...row,
    id: 0,
    state: 'queued',
    attempts: 0,
    externalId: null,
    deliveredAt: null,
    lastError: null,
  }));
}
