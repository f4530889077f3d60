import { randomBytes, randomInt } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createAnnouncer } from '#app/announce.ts';
import type { AnswerSources } from '#app/answer-question.ts';
import { tellLeftBacktest } from '#app/ask-backtest.ts';
import { createIntake, type Intake, redated } from '#app/chat-intake.ts';
import type { Deliverer } from '#app/deliver-deps.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import type { DeskHandle } from '#app/desk-handle.ts';
import { viewOf } from '#app/desk-view.ts';
import type { PushTarget } from '#app/fan-out.ts';
import { createReplyHandler } from '#app/handle-reply.ts';
import { isOfferOver } from '#app/offer-over.ts';
import type {
  Backtests,
  Card,
  Channel,
  ChatSettings,
  Clock,
  EventContext,
  EventLog,
  FileStore,
  Inbox,
  InboxRow,
  Incoming,
  Narrator,
  OneTimeCodes,
  Outbox,
  OutboxRow,
  Upkeep,
} from '#app/ports.ts';
import { createReachWatch, type ReachWatch } from '#app/reach-watch.ts';
import type { Speaker } from '#app/reply-rows.ts';
import { createSecondConfirms, type SecondConfirms } from '#app/second-confirm.ts';
import { createPictureSender } from '#app/send-pictures.ts';
import type { SessionTape } from '#app/session-tape.ts';
import { createDayTeller } from '#app/tell-day.ts';
import type { Event } from '#core/engine/event.ts';
import type { Notice } from '#core/replies/notice.ts';
import type { ChatAccess } from '#shell/chat/authorize.ts';
import { createPictures } from '#shell/chat/pictures/pictures.ts';
import type { Place } from '#shell/chat/render.ts';
import { renderAnswer, renderMessage, renderNotice } from '#shell/chat/render.ts';
import { createReportWriter } from '#shell/chat/reports/report-writer.ts';
import { createTerminalChannel } from '#shell/chat/terminal.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { readEnv } from '#shell/config/env.ts';
import { createBacktestProcess } from '#shell/runner/backtest-process.ts';
import { rateOf, rateOfAll } from './compose-rates.ts';
import { mirrorsOf, pushTargets } from './compose-targets.ts';

const ROOT = join(import.meta.dirname, '..');

/** What the conversation needs of a run. */
export type ConversationDeps = {
  readonly config: Config;
  readonly runId: string;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly files: FileStore;
  /** Domain time; in a replay the virtual clock. */
  readonly clock: Clock;
  readonly wall: Clock;
  readonly desks: () => readonly DeskHandle[];
  readonly sources: AnswerSources;
  readonly channels: readonly Channel[];
  readonly access: ChatAccess;
  readonly track: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onDelivered: (row: OutboxRow, messageId: string) => void;
  readonly onTrouble: (place: string, error: unknown) => void;
  /** One-time codes for live acts; null or left out: nobody has enrolled a device. */
  readonly codes?: OneTimeCodes | null;
  /** Put on every message of a run that is not the live book, e.g. REPLAY; null: none. */
  readonly mark: string | null;
  /** Takes rows that are not chat's (jobs); false: not its kind. */
  readonly handleOther?: (row: InboxRow) => Promise<boolean>;
  /** Brings a virtual clock up to date before something from outside is handled. */
  readonly beforeIntake?: () => void;
  /** The log, and the envelope of what is written into it beside the desks: records of days. */
  readonly events: EventLog;
  readonly contextAt: (at: number) => EventContext;
  /** Shows and changes the settings files. */
  readonly settings: ChatSettings;
  /** Does what takes long beside the desk. */
  readonly upkeep: Upkeep;
  /** Says /why in words after its rows; null or left out: nobody does. */
  readonly narrator?: Narrator | null;
  /** Minutes of a desk's day, for pictures; null: it keeps none. */
  readonly tapeOf: (deskId: string) => SessionTape | null;
  /** Watches whether operators can be reached; null: nobody watches (a played run). */
  readonly reach?: ReachHouse | null;
};

export type Conversation = {
  readonly deliverer: Deliverer;
  readonly intake: Intake;
  /** Shows pictures of what a desk has just decided; its words do not wait for them. */
  show(desk: DeskHandle, events: readonly Event[]): void;
  /** Says a notice to operators on every channel but one; with `once` a single time under that name. */
  announce(notice: Notice, exceptChannel: string | null, once?: string): void;
  /** True while a second confirmation may still be answered (wall time). */
  isAsking(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** The terminal of this process; on standard error when standard output carries data. */
export function composeTerminal(
  clock: Clock,
  isJson: boolean,
  filesDir: string,
  onInterrupt: () => void,
): Channel {
  return createTerminalChannel({
    input: process.stdin,
    output: isJson ? process.stderr : process.stdout,
    now: () => clock.now(),
    filesDir,
    userName: userInfo().username,
    onInterrupt,
  });
}

function speakerOf(deps: ConversationDeps): Speaker {
  const place = (): Place => {
    const [desk] = deps.desks();
    return {
      zone: desk?.policy.zone ?? 'America/New_York',
      currency: desk?.policy.currency ?? 'USD',
    };
  };
  const { access } = deps;
  const options = (channel: string, chatId: string) => ({
    now: deps.clock.now(),
    operatorZone: deps.config.channels.operatorZone,
    chatZone: access.zoneOf(channel, chatId),
  });
  /** The mark stands at the end of the last line: the first one carries the decision. */
  const marked = (card: Card): Card => {
    if (deps.mark === null) return card;
    const last = card.lines.length - 1;
    return {
      ...card,
      lines: card.lines.map((line, i) => (i === last ? `${line} · ${deps.mark}` : line)),
    };
  };
  return {
    notice: (notice, channel, chatId) =>
      marked(
        renderNotice(notice, access.languageOf(channel, chatId), place(), options(channel, chatId)),
      ),
    answer: (answer, channel, chatId) =>
      marked(
        renderAnswer(answer, access.languageOf(channel, chatId), place(), options(channel, chatId)),
      ),
    message: (message, channel, chatId) =>
      marked(renderMessage(message, access.languageOf(channel, chatId), options(channel, chatId))),
  };
}

/** What a run says of whether its people can be reached. */
export type ReachHouse = {
  readonly isWatched: () => boolean;
  readonly onSeen: (isReached: boolean, channel: string) => void;
};

function watchReach(deps: ConversationDeps, speaker: Speaker): ReachWatch | null {
  const house = deps.reach ?? null;
  if (house === null) return null;
  const { access, channels, wall, desks } = deps;
  return createReachWatch({
    ...house,
    clock: wall,
    channels,
    chats: () => access.chats('operator'),
    statusCard: (name, chatId) => {
      const at = wall.now();
      const views = desks().map((desk) => viewOf(desk, at));
      return speaker.answer({ at, kind: 'status', desks: views }, name, chatId);
    },
  });
}

/** Backtests asked for in the chat: over the bars of this data folder, by the desk of this profile. */
function backtestsOf({ dataDir, profile }: Config): Backtests {
  return createBacktestProcess({
    program: join(ROOT, 'bin', 'centaur.mjs'),
    folder: dataFilesOf(dataDir).backtests,
    env: { ...readEnv(ROOT), CENTAUR_DATA_DIR: dataDir, CENTAUR_PROFILE: profile.name },
  });
}

/**
 * What draws, and what is shown unasked: days once they closed to every leading chat, pictures to those far
 * away, where the settings want them. A terminal would only name files.
 */
function shownOf(deps: ConversationDeps, speaker: Speaker, deliverer: Deliverer) {
  const { config, access, tapeOf, onTrouble, sources } = deps;
  const { fonts: fontsDir } = dataFilesOf(config.dataDir);
  const pictures = createPictures({ fontsDir, onTrouble });
  const leading = (): readonly PushTarget[] =>
    pushTargets(access, config, deps.clock.now()).filter(
      // who wants no report wants nothing beside it either
      ({ behind, levelOf }) =>
        behind === undefined && levelOf?.({ priority: 2, kind: 'daily_report' }) !== 'off',
    );
  const isPictured = ({ channel, hears }: PushTarget): boolean =>
    channel !== 'terminal' && hears === undefined;
  const pictureTargets = () => (config.channels.pictures ? leading().filter(isPictured) : []);
  const handOver = deliverer.handOver.bind(deliverer);
  const common = { ...deps, speaker, pictures, handOver, tapeOf, onTrouble };
  const send = createPictureSender({ ...common, targets: pictureTargets });
  const tell = createDayTeller({
    ...common,
    calendars: sources,
    context: deps.contextAt,
    targets: leading,
    pictureTargets,
  });
  const show = async (desk: DeskHandle, events: readonly Event[]): Promise<void> => {
    await tell(desk, events);
    await send(desk, events);
  };
  return { charts: { pictures, tapeOf }, show };
}

/** Wires channels, intake, handler and deliverer of one run. */
export function composeConversation(deps: ConversationDeps): Conversation {
  const { clock, wall, runId, inbox, outbox, channels } = deps;
  const speaker = speakerOf(deps);
  const channel = (name: string) => channels.find((candidate) => candidate.name === name) ?? null;
  const onFailure = (error: unknown): void => deps.onTrouble('chat', error);
  const deliverer = createDeliverer({
    runId,
    clock,
    wall,
    outbox,
    files: deps.files,
    channel,
    rateOf,
    rateOfAll,
    render: (message, name, chatId) => speaker.message(message, name, chatId),
    isOver: (message) => isOfferOver(message, deps.desks()),
    onDelivered: deps.onDelivered,
    onFailure,
    track: deps.track,
    onReach: (name, chatId, isReached) => reach?.delivered(name, chatId, isReached),
    onDown: (chat) => void announce(downNotice(chat.channel), chat.channel).catch(onFailure),
  });
  const downNotice = (name: string): Notice => ({
    kind: 'channel_degraded',
    channel: name,
    cause: null,
    since: clock.now(),
    zone: deps.config.channels.operatorZone ?? Temporal.Now.timeZoneId(),
  });
  const reach = watchReach(deps, speaker);
  const asked = createSecondConfirms({
    clock,
    newNonce: () => randomBytes(6).toString('base64url'),
    newDigits: () => String(randomInt(1_000, 10_000)),
    codes: deps.codes ?? null,
  });
  let askedUntil = 0;
  const confirms: SecondConfirms = {
    ask(pending) {
      const question = asked.ask(pending);
      askedUntil = wall.now() + question.validMs;
      return question;
    },
    take(...given) {
      askedUntil = 0;
      return asked.take(...given);
    },
  };
  const backtests = backtestsOf(deps.config);
  const { charts, show } = shownOf(deps, speaker, deliverer);
  const told = { runId, clock, speaker, outbox, handOver: deliverer.handOver.bind(deliverer) };
  const answer = createReplyHandler({
    runId,
    clock,
    access: deps.access,
    desks: deps.desks,
    inbox,
    outbox,
    files: deps.files,
    speaker,
    sources: deps.sources,
    confirms,
    backtests,
    charts,
    reports: createReportWriter(),
    settings: deps.settings,
    upkeep: deps.upkeep,
    showMenu: (name, person) => void channel(name)?.showMenu?.(person),
    narrator: deps.narrator ?? null,
    codeOfMessage: (name, chatId, messageId) => deliverer.messages.codeOf(name, chatId, messageId),
    wasDecided: (name, updateId) => intake.wasDecided(name, updateId),
    handOver: (rows) => deliverer.handOver(rows),
    onFailure,
  });
  const handle = async (row: InboxRow): Promise<void> => {
    if (row.channel === 'job' && (await deps.handleOther?.(row)) === true) return;
    await answer(row);
  };
  const intake = createIntake({
    runId,
    clock: wall,
    access: deps.access,
    desks: deps.desks,
    inbox,
    speaker,
    channel,
    handle,
    onFailure,
  });
  const announce = createAnnouncer({
    runId,
    clock,
    access: deps.access,
    outbox,
    speaker,
    isSpoken: (name) => channel(name) !== null,
    mirrors: mirrorsOf(deps.config).filter(({ hears }) => hears !== 'reports'),
    handOver: (rows) => deliverer.handOver(rows),
  });
  const receive = (rows: readonly Incoming[]): Promise<void> => {
    deps.beforeIntake?.();
    const dated = deps.beforeIntake === undefined ? rows : redated(rows, clock.now());
    return deps.track(() => intake.receive(dated));
  };
  return {
    deliverer,
    intake,
    show: (desk, events) => void deps.track(() => show(desk, events)),
    isAsking: () => wall.now() < askedUntil,
    announce: (...given) => void announce(...given).catch(onFailure),
    async start() {
      await intake.drainPending();
      await deliverer.start();
      await tellLeftBacktest(backtests, told).catch(onFailure);
      for (const each of channels) await each.start(receive);
      reach?.start();
    },
    async stop() {
      reach?.stop();
      await backtests.stop();
      await deps.upkeep.stop();
      await Promise.all(
        channels.map((each) =>
          each.stop().catch((error: unknown) => deps.onTrouble(each.name, error)),
        ),
      );
      await intake.idle();
      await deliverer.stop();
      await charts.pictures.stop();
    },
  };
}
