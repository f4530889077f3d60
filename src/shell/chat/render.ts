import type { Card, CardButton } from '#app/ports.ts';
import type { Message } from '#core/engine/message.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import type { ReportFormat } from '#core/replies/act.ts';
import type { Answer } from '#core/replies/answer.ts';
import { LONGEST_TEXT } from '#core/replies/message-length.ts';
import type { Notice } from '#core/replies/notice.ts';
import { axesLine } from './axes-line.ts';
import { createFormat, type Format, type Language, reasonText } from './format.ts';
import { lookButtons } from './look-buttons.ts';
import { noticeButtons } from './notice-buttons.ts';
import type { Catalogue, Speech } from './text/catalogue.ts';
import { EN } from './text/en.ts';
import { SETTINGS_EN, SETTINGS_ZH, settingsButtons } from './text/settings-lines.ts';
import { systemButtons } from './text/system-lines.ts';
import { ZH_CN } from './text/zh-cn.ts';

/** Settings of one rendering. `now` drives countdowns; `operatorZone` adds the person's clock in brackets. */
export type RenderOptions = {
  readonly now: number;
  readonly operatorZone?: string | null;
  /** The zone the chat chose: all its times are told by it first. */
  readonly chatZone?: string | null;
};

/** What a rendering of questions and notices needs to know of the market. */
export type Place = { readonly zone: string; readonly currency: string };

const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en: EN, zh: ZH_CN };

const LONGEST_LINE = 480;
/** Control, format and line-break characters: a line is one line and means what it shows. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** The words of a language, for menus and buttons of a channel. */
export function catalogueOf(language: Language): Catalogue {
  return CATALOGUES[language];
}

function speechOf(text: Catalogue, f: Format, now: number, axesAt: number | null): Speech {
  return {
    f,
    now,
    reason: (reason) => reasonText(reason, text.reasons, f),
    axes: (axes) => axesLine(axes, text, f, axesAt ?? now),
  };
}

/** Each line printable and not endless. */
function clean(lines: readonly string[]): string[] {
  return lines.map((line) => {
    const points = [...line.replace(UNPRINTABLE, ' ')];
    return points.length > LONGEST_LINE
      ? `${points.slice(0, LONGEST_LINE - 1).join('')}…`
      : points.join('');
  });
}

/** Cuts lines and text to what every channel can carry; the first lines hold the decision and stay. */
function fitted(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const short of clean(lines)) {
    if (length + short.length + 1 > LONGEST_TEXT - 2) {
      kept.push('…');
      break;
    }
    kept.push(short);
    length += short.length + 1;
  }
  return kept;
}

const TICKET_KINDS = new Set<Message['kind']>([
  'signal_entry',
  'signal_expired',
  'signal_superseded',
  'signal_void',
]);

/** Renders a desk's message. Every kind ends with the three axes; a ticket card has them as line 3. */
export function renderMessage(message: Message, language: Language, options: RenderOptions): Card {
  const text = CATALOGUES[language];
  const f = createFormat(language, text.format, {
    zone: message.zone,
    currency: message.currency,
    operatorZone: options.operatorZone ?? null,
    chatZone: options.chatZone ?? null,
  });
  const speech = speechOf(text, f, options.now, message.at);
  const say = text.messages[message.kind] as (m: Message, s: Speech) => readonly string[];
  const lines = say(message, speech);
  const whole = TICKET_KINDS.has(message.kind) ? lines : [...lines, speech.axes(message.axes)];
  return { lines: fitted(whole), buttons: messageButtons(message, text) };
}

function messageButtons(message: Message, text: Catalogue): CardButton[][] {
  const b = text.buttons;
  switch (message.kind) {
    case 'signal_entry':
    case 'signal_reminder':
      return ticketButtons(message.ticket, text);
    case 'rotation':
      return switchButtons(message.rotation, message.ticket, text);
    case 'premarket_brief':
      return [allowButtons(message.axes.deskId, message.session.tradingDay, text)];
    case 'day_sheet':
      return [allowButtons(message.axes.deskId, message.tradingDay, text)];
    case 'kill_stage1':
      return [
        [
          { label: b.flatten, command: '/flatten' },
          { label: b.positions, command: '/positions' },
          { label: b.seen, command: '/ack' },
        ],
      ];
    case 'order_unknown':
    case 'recon_blocked':
    case 'position_unprotected':
    case 'kill_incomplete':
      return [
        [
          { label: b.seen, command: '/ack' },
          { label: b.status, command: '/status' },
        ],
      ];
    case 'manual_todo':
    case 'manual_overdue':
      return [[{ label: b.couldNotFill, command: `/fill ${message.order.orderId} none` }]];
    case 'manual_protection':
      return [
        [
          {
            label: b.conditionalSet,
            command: `/protected ${message.instrument.slice(0, message.instrument.lastIndexOf('.'))}`,
          },
        ],
      ];
    case 'sale_proposed':
      return saleButtons(message.sales, text);
    case 'risk_l2':
    case 'limit_locked':
      return [[{ label: b.positions, command: '/positions' }]];
    case 'alarm_repeat':
      return [
        [
          { label: b.seen, command: `/ack ${message.alarmId}` },
          { label: b.status, command: '/status' },
        ],
      ];
    case 'daily_report': {
      const { tradingDay } = message.verdict;
      return [
        [
          { label: b.chart, command: '/chart' },
          { label: b.positions, command: '/positions' },
          ...fileButtons(`/report ${tradingDay}`, ['md', 'csv']),
        ],
      ];
    }
    case 'verdict_no_trade':
    case 'verdict_signals':
      return [
        [
          { label: b.why, command: '/why' },
          { label: b.positions, command: '/positions' },
        ],
      ];
    default:
      return safetyButtons(message, text);
  }
}

/** One button a format. */
function fileButtons(command: string, formats: readonly ReportFormat[]): CardButton[] {
  return formats.map((format) => ({ label: format, command: `${command} ${format}` }));
}

/** Buttons of what a person is called for: leave at a price or at the open, see it, allow again. */
function safetyButtons(message: Message, text: Catalogue): CardButton[][] {
  const b = text.buttons;
  switch (message.kind) {
    case 'safe_mode_on':
      return [
        ...exitButtons(message.offered ?? [], b.exitAtMarket),
        [
          { label: b.seen, command: '/ack' },
          { label: b.safeOff, command: '/safe off' },
          { label: b.status, command: '/status' },
        ],
      ];
    case 'operator_gone':
      return [
        [
          { label: b.allow, command: `/allow ${message.axes.deskId} ${message.tradingDay}` },
          { label: b.status, command: '/status' },
        ],
      ];
    case 'done_with_position':
      return [
        ...exitButtons([message.instrument], b.exitAtOpen),
        [
          { label: b.seen, command: '/ack' },
          { label: b.status, command: '/status' },
        ],
      ];
    default:
      return [];
  }
}

function allowButtons(deskId: string, tradingDay: string, text: Catalogue): CardButton[] {
  const { allow, keepOff } = text.buttons;
  return [
    { label: allow, command: `/allow ${deskId} ${tradingDay}` },
    { label: keepOff, command: `/stop ${deskId}` },
  ];
}

/** What a person may say of a switch at its step; whatever ends its ticket ends it. */
function switchButtons(
  rotation: Extract<Message, { kind: 'rotation' }>['rotation'],
  ticket: Extract<Message, { kind: 'rotation' }>['ticket'],
  text: Catalogue,
): CardButton[][] {
  const b = text.buttons;
  const { code, step } = rotation;
  const why = { label: b.why, command: `/why ${code}` };
  const skip = { label: b.skip, command: `/skip ${code} v${ticket?.version ?? 1}` };
  if (step === 'ended' || step === 'buying') return [];
  if (step === 'proposed')
    return [
      [{ label: b.switchNow, command: `/confirm ${code} v${ticket?.version ?? 1}` }, skip, why],
    ];
  if (step === 'asking')
    return [
      [
        { label: b.keepFirst, command: `/switch keep ${code}` },
        { label: b.sellFirst, command: `/switch sell ${code}` },
        why,
      ],
    ];
  return [[skip, why]];
}

/** One row a position: its exit, which asks once. */
function exitButtons(instruments: readonly InstrumentId[], label: string): CardButton[][] {
  return instruments.slice(0, 6).map((instrument) => {
    const symbol = symbolOf(instrument);
    return [{ label: `${label} ${symbol}`, command: `/exit ${symbol}` }];
  });
}

/** One row a sale, in percent of what is held: the tenth above, a share too few leaves it open. */
function saleButtons(
  sales: Extract<Message, { kind: 'sale_proposed' }>['sales'],
  text: Catalogue,
): CardButton[][] {
  return sales.slice(0, 6).map(({ instrument, share }) => {
    const percent = Math.ceil(share * 1000) / 10;
    const label = `${text.buttons.exit} ${instrument} ${percent}%`;
    return [{ label, command: `/exit ${instrument} ${percent}%` }];
  });
}

function ticketButtons(
  ticket: Extract<Message, { kind: 'order_filled' }>['ticket'],
  text: Catalogue,
): CardButton[][] {
  const why = { label: text.buttons.why, command: `/why ${ticket.code}` };
  const chart = { label: text.buttons.chart, command: `/chart ${ticket.code}` };
  if (ticket.isAdvice) return [[why, chart]];
  if (ticket.state !== 'pending') return [];
  // what a switch proposes is answered at its own message
  if (ticket.isOfSwitch === true) return [[why, chart]];
  const version = `v${ticket.version}`;
  const half = { label: text.buttons.half, command: `/half ${ticket.code} ${version}` };
  return [
    [
      { label: text.buttons.confirm, command: `/confirm ${ticket.code} ${version}` },
      ...(ticket.quantity > 1 ? [half] : []),
      { label: text.buttons.skip, command: `/skip ${ticket.code} ${version}` },
      why,
      chart,
    ],
  ];
}

/** Renders what the conversation itself says. `place` is where a desk stands, for times and money. */
export function renderNotice(
  notice: Notice,
  language: Language,
  place: Place,
  options: RenderOptions,
): Card {
  const text = CATALOGUES[language];
  const isOfChannel = notice.kind === 'channel_degraded' || notice.kind === 'wechat_window_closing';
  const zone = isOfChannel ? notice.zone : place.zone;
  const f = createFormat(language, text.format, {
    zone,
    currency: place.currency,
    operatorZone: options.operatorZone ?? null,
    chatZone: options.chatZone ?? null,
  });
  const say = text.notices[notice.kind] as (n: Notice, s: Speech) => readonly string[];
  return {
    lines: fitted(say(notice, speechOf(text, f, options.now, null))),
    buttons: noticeButtons(notice, text),
  };
}

/** Renders the answer to a question, however long it is: who sends it makes parts. `place` as for notices. */
export function renderAnswer(
  answer: Answer,
  language: Language,
  place: Place,
  options: RenderOptions,
): Card {
  const text = CATALOGUES[language];
  const f = createFormat(language, text.format, {
    ...place,
    operatorZone: options.operatorZone ?? null,
    chatZone: options.chatZone ?? null,
  });
  const say = text.answers[answer.kind] as (a: Answer, s: Speech) => readonly string[];
  return {
    lines: clean(say(answer, speechOf(text, f, options.now, null))),
    buttons: answerButtons(answer, text),
  };
}

function answerButtons(answer: Answer, text: Catalogue): CardButton[][] {
  const b = text.buttons;
  switch (answer.kind) {
    case 'balance':
    case 'accounts':
    case 'prices':
      return lookButtons(answer, text);
    case 'status':
      return [
        [
          { label: b.refresh, command: '/status' },
          { label: b.stop, command: '/stop' },
        ],
      ];
    case 'start':
      return [
        [
          { label: b.status, command: '/status' },
          { label: b.pending, command: '/pending' },
          { label: b.help, command: '/help' },
        ],
      ];
    case 'ticket':
      return ticketButtons(answer.ticket, text);
    case 'pending':
      return answer.desks
        .flatMap((desk) => Object.values(desk.state.tickets))
        .filter(
          (ticket) => ticket.state === 'pending' && !ticket.isAdvice && ticket.isOfSwitch !== true,
        )
        .slice(0, 6)
        .map((ticket) => {
          const version = `v${ticket.version}`;
          return [
            { label: `${b.confirm} ${ticket.code}`, command: `/confirm ${ticket.code} ${version}` },
            { label: `${b.skip} ${ticket.code}`, command: `/skip ${ticket.code} ${version}` },
          ];
        });
    case 'calendar':
      return answer.agendas.length === 0 ? [] : [[{ label: 'ICS', command: '/calendar ics' }]];
    case 'period': {
      const [first] = answer.reports;
      if (first === undefined || first.span === 'score') return [];
      return [fileButtons(`/report ${first.from} ${first.span}`, ['md', 'csv', 'json', 'html'])];
    }
    case 'settings':
      return settingsButtons(answer, answer.language === 'zh' ? SETTINGS_ZH : SETTINGS_EN);
    case 'positions':
      return [
        [
          { label: `${b.exit}…`, command: '/exit' },
          { label: b.status, command: '/status' },
        ],
      ];
    default:
      return systemButtons(answer, text);
  }
}
