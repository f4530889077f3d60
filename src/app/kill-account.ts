import { planKill, type StandingOrder } from '#core/machines/kill-plan.ts';
import type { Broker, BrokerOrder, Clock, FlattenOutcome, OrderRequest } from './ports.ts';

/** What a kill did at one account without the desk's process. Durations in milliseconds. */
export type AccountKill = {
  readonly accountId: string;
  /** Orders whose cancel the broker took, and those it did not take, with the reason. */
  readonly canceled: readonly string[];
  readonly failed: readonly { readonly orderId: string; readonly cause: string }[];
  readonly kept: readonly string[];
  /** Entries that stood after the last look; empty: none does. */
  readonly standing: readonly string[];
  /** Stops that were placed again because everything had to be canceled. */
  readonly placedAgain: readonly string[];
  readonly firstCancelMs: number | null;
  readonly allOutMs: number | null;
};

export type AccountFlatten = {
  readonly legs: readonly FlattenOutcome[];
  /** Shares that are held after the last look, by instrument. */
  readonly left: readonly { readonly instrument: string; readonly quantity: number }[];
};

const LOOKS = 4;
const LOOK_EVERY_MS = 400;
const FLATTEN_LOOKS = 20;
const FLATTEN_EVERY_MS = 1_000;

type Stopwatch = () => number;

/** A broker's order as the plan of a kill sees it. */
export function standingOf({ request, state }: BrokerOrder): StandingOrder {
  const { orderId, instrument, side } = request;
  return { orderId, instrument, side, isHeld: state === 'held' };
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.at(clock.now() + ms, resolve));
}

/**
 * Stage 1 at an account without its desk: entries are told from protection by their ids and by what is
 * held, and canceled in parallel. Where they cannot be told everything is canceled, and the stops that
 * stood are placed again at once. Throws BrokerError when the open orders cannot be read.
 */
export async function killAccount(
  broker: Broker,
  clock: Clock,
  stopwatch: Stopwatch,
): Promise<AccountKill> {
  const [open, held] = await Promise.all([broker.openOrders(), heldAt(broker)]);
  const plan = planKill(open.map(standingOf), held);
  const startedAt = stopwatch();
  if (plan.untold.length > 0)
    return await cancelEverything(broker, clock, open, startedAt, stopwatch);
  let firstCancelMs: number | null = null;
  const failed: { orderId: string; cause: string }[] = [];
  const canceled: string[] = [];
  const cancels = plan.cancel.map((orderId) => {
    const call = cancelNow(broker, orderId);
    firstCancelMs ??= stopwatch() - startedAt;
    return call.then(
      () => void canceled.push(orderId),
      (error: unknown) => void failed.push({ orderId, cause: causeOf(error) }),
    );
  });
  await Promise.all(cancels);
  const standing = await standingEntries(broker, clock, plan.cancel);
  return {
    accountId: broker.accountId,
    canceled,
    failed,
    kept: plan.keep,
    standing,
    placedAgain: [],
    firstCancelMs,
    allOutMs: plan.cancel.length === 0 ? null : stopwatch() - startedAt,
  };
}

/** Asks for a cancel before it returns, and never throws by itself. */
export async function cancelNow(broker: Broker, orderId: string): Promise<void> {
  await broker.cancel(orderId);
}

/** Null: nobody knows what is held. */
export async function heldAt(broker: Broker): Promise<ReadonlyMap<string, number> | null> {
  try {
    const positions = await broker.positions();
    return new Map(positions.map((one) => [one.instrument as string, one.quantity]));
  } catch {
    return null;
  }
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}

/** The entries that still stand after a few looks. A list that cannot be read counts as all of them. */
async function standingEntries(
  broker: Broker,
  clock: Clock,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  for (let look = 1; ; look += 1) {
    const open = await broker.openOrders().catch(() => null);
    const standing =
      open === null ? ids : ids.filter((id) => open.some(({ request }) => request.orderId === id));
    if (standing.length === 0 || look === LOOKS) return standing;
    await pause(clock, LOOK_EVERY_MS);
  }
}

async function cancelEverything(
  broker: Broker,
  clock: Clock,
  open: readonly BrokerOrder[],
  startedAt: number,
  stopwatch: Stopwatch,
): Promise<AccountKill> {
  const ids = open.map(({ request }) => request.orderId);
  const firstCancelMs = stopwatch() - startedAt;
  const failed: { orderId: string; cause: string }[] = [];
  await broker.cancelAll().catch((error: unknown) => {
    failed.push({ orderId: 'all', cause: causeOf(error) });
  });
  const standing = await standingEntries(broker, clock, ids);
  const gone = open.filter(({ request }) => !standing.includes(request.orderId));
  const placedAgain: string[] = [];
  for (const { request, state } of gone) {
    if (request.type !== 'stop' || request.side !== 'sell' || state === 'held') continue;
    const again = standAlone(request, clock.now(), placedAgain.length + failed.length);
    await broker.submit(again).then(
      () => void placedAgain.push(again.orderId),
      (error: unknown) => void failed.push({ orderId: again.orderId, cause: causeOf(error) }),
    );
  }
  return {
    accountId: broker.accountId,
    canceled: gone.map(({ request }) => request.orderId),
    failed,
    kept: [],
    standing,
    placedAgain,
    firstCancelMs,
    allOutMs: stopwatch() - startedAt,
  };
}

function standAlone(request: OrderRequest, at: number, count: number): OrderRequest {
  const orderId = `again.${request.instrument}.${at}.${count}`;
  return { ...request, orderId, bracket: null, pair: null, ocoGroup: null };
}

/** Stage 2 at an account without its desk: everything is sold in the broker's way, then looked at until flat. */
export async function flattenAccount(broker: Broker, clock: Clock): Promise<AccountFlatten> {
  const legs = await broker.flattenAll();
  for (let look = 1; ; look += 1) {
    const positions = await broker.positions().catch(() => null);
    const left = (positions ?? legs)
      .filter((one) => one.quantity !== 0)
      .map(({ instrument, quantity }) => ({ instrument, quantity }));
    if ((positions !== null && left.length === 0) || look === FLATTEN_LOOKS) return { legs, left };
    await pause(clock, FLATTEN_EVERY_MS);
  }
}
