import { pendingTickets } from '#core/engine/select.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { intradayOf } from '#core/pictures/intraday-of.ts';
import type { Picture } from '#core/pictures/picture.ts';
import type { Question } from '#core/replies/act.ts';
import { ticketByCode } from './answer-question.ts';
import type { DeskHandle } from './desk-handle.ts';
import { pictureRows } from './picture-rows.ts';
import type { Pictures } from './ports.ts';
import { auditOf, finish, type ReplyDeps, sayLater, type Turn } from './reply-rows.ts';
import { gatePictureOf } from './send-pictures.ts';
import type { SessionTape } from './session-tape.ts';

/** What `/chart` draws with. */
export type ChartHouse = {
  readonly pictures: Pictures;
  /** Minutes of a desk's day; null: it keeps none. */
  readonly tapeOf: (deskId: string) => SessionTape | null;
};

type Ask = Extract<Question, { ask: 'chart' }>;

const CHART_LIFE_MS = 10 * 60_000;
/** Checkpoints of a day at most. */
const OF_A_DAY = 8;

/**
 * Answers `/chart`. The row is done before the picture is begun, so that nothing a person says next waits
 * for it; a picture lost to a crash is asked for again. Throws StoreError before anything was begun.
 */
export async function respondChart(turn: Turn, ask: Ask, deps: ReplyDeps): Promise<void> {
  const { charts = null } = deps;
  const picture = charts === null ? null : await pictureFor(ask, charts, deps);
  if (charts === null || picture === null) {
    const notice = { kind: 'chart_missing', target: ask.target } as const;
    return await finish(turn, notice.kind, null, [notice], deps);
  }
  const { row, incoming, who } = turn;
  const audit = auditOf(row, incoming, null, null, 'answered', deps, who.actor);
  await deps.inbox.markDone(row.id, { kind: 'answered', ask: 'chart' }, [audit]);
  void send(picture, turn, charts, deps).catch((error: unknown) => deps.onFailure(error, row));
}

async function send(
  picture: Picture,
  turn: Turn,
  { pictures }: ChartHouse,
  deps: ReplyDeps,
): Promise<void> {
  const { row, incoming } = turn;
  const letter = {
    picture,
    kind: 'reply',
    key: `reply:${row.id}:chart`,
    expiresAt: deps.clock.now() + CHART_LIFE_MS,
    replyTo: incoming.chatKind === 'group' ? incoming.messageId : null,
  };
  const rows = await pictureRows(letter, [incoming], { ...deps, pictures });
  if (rows.length === 0) return await sayLater({ kind: 'chart_failed' }, turn, 'chart', deps);
  deps.handOver(await deps.outbox.enqueue(rows));
}

async function pictureFor(ask: Ask, house: ChartHouse, deps: ReplyDeps): Promise<Picture | null> {
  const desks = deps.desks();
  if (ask.of === 'gates') return await gateOf(desks, deps);
  const { target } = ask;
  if (target !== null) return ofTarget(target, desks, house);
  return ofWhatIsAtHand(desks, house) ?? (await gateOf(desks, deps));
}

/** The newest gate of the first desk that has one. */
async function gateOf(desks: readonly DeskHandle[], deps: ReplyDeps): Promise<Picture | null> {
  for (const { policy } of desks) {
    if (policy.pulse === null) continue;
    const records = await deps.sources.checkpoints(policy.deskId, null, OF_A_DAY);
    for (const record of records) {
      const picture = gatePictureOf(policy.deskId, record);
      if (picture !== null) return picture;
    }
  }
  return null;
}

function dayOf(
  desk: DeskHandle,
  instrument: Ticket['instrument'],
  ticket: Ticket | null,
  house: ChartHouse,
): Picture | null {
  const seen = house.tapeOf(desk.policy.deskId)?.of(instrument) ?? null;
  return seen === null ? null : intradayOf(desk.state(), instrument, ticket, seen);
}

/** A ticket by its code, else a symbol that some desk has seen today. */
function ofTarget(target: string, desks: readonly DeskHandle[], house: ChartHouse): Picture | null {
  const found = ticketByCode(desks, target);
  if (found !== null) return dayOf(found.desk, found.ticket.instrument, found.ticket, house);
  for (const desk of desks) {
    const seen = house.tapeOf(desk.policy.deskId)?.symbols() ?? [];
    const instrument = seen.find((one) => one === target || symbolOf(one) === target);
    if (instrument !== undefined) return dayOf(desk, instrument, null, house);
  }
  return null;
}

/** The ticket that waits, else what is held, else the first symbol of a desk. */
function ofWhatIsAtHand(desks: readonly DeskHandle[], house: ChartHouse): Picture | null {
  for (const desk of desks) {
    const [ticket] = pendingTickets(desk.state());
    const picture = ticket === undefined ? null : dayOf(desk, ticket.instrument, ticket, house);
    if (picture !== null) return picture;
  }
  for (const desk of desks) {
    const held = Object.values(desk.state().positions).map(({ instrument }) => instrument);
    for (const instrument of [...held, ...desk.policy.instruments]) {
      const picture = dayOf(desk, instrument, null, house);
      if (picture !== null) return picture;
    }
  }
  return null;
}
