import type { Card, CardButton } from '#app/ports.ts';
import type { Axes, Message } from '#core/engine/message.ts';
import type { Answer } from '#core/replies/answer.ts';
import type { Notice } from '#core/replies/notice.ts';
import { createFormat, type Format, type Language, reasonText } from './format.ts';
import type { Catalogue, Speech } from './text/catalogue.ts';
import { EN } from './text/en.ts';
import { ZH_CN } from './text/zh-cn.ts';

/** Settings of one rendering. `now` drives countdowns; `operatorZone` adds the person's clock in brackets. */
export type RenderOptions = {
  readonly now: number;
  readonly operatorZone?: string | null;
};

/** What a rendering of questions and notices needs to know of the market. */
export type Place = { readonly zone: string; readonly currency: string };

const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en: EN, zh: ZH_CN };

/** Longest text of one message; Telegram's limit, kept by every channel. In UTF-16 units. */
export const LONGEST_TEXT = 4096;
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

function axesLine(axes: Axes, text: Catalogue, f: Format, at: number): string {
  const health = axes.isSafeMode ? text.healthSafeMode : text.healthOk;
  const phases = new Set(axes.phases.map((entry) => entry.phase));
  const phaseWords =
    phases.size <= 1
      ? [...phases].map((phase) => text.phases[phase])
      : axes.phases
          .slice(0, 8)
          .map((entry) => `${f.symbol(entry.instrument)} ${text.phases[entry.phase]}`);
  return [axes.deskId, text.permissions[axes.permission], health, phaseWords.join(', '), f.time(at)]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Cuts lines and text to what every channel can carry; the first lines hold the decision and stay. */
function fitted(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    const points = [...line.replace(UNPRINTABLE, ' ')];
    const short =
      points.length > LONGEST_LINE
        ? `${points.slice(0, LONGEST_LINE - 1).join('')}…`
        : points.join('');
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
      return ticketButtons(message.ticket, text);
    case 'premarket_brief':
      return [
        [
          {
            label: b.allow,
            command: `/allow ${message.axes.deskId} ${message.session.tradingDay}`,
          },
          { label: b.keepOff, command: `/stop ${message.axes.deskId}` },
        ],
      ];
    case 'safe_mode_on':
      return [
        [
          { label: b.seen, command: '/ack' },
          { label: b.safeOff, command: '/safe off' },
          { label: b.status, command: '/status' },
        ],
      ];
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
    case 'done_with_position':
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
    case 'verdict_no_trade':
    case 'verdict_signals':
      return [
        [
          { label: b.why, command: '/why' },
          { label: b.positions, command: '/positions' },
        ],
      ];
    default:
      return [];
  }
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
  if (ticket.isAdvice) return [[why]];
  if (ticket.state !== 'pending') return [];
  const version = `v${ticket.version}`;
  const half = { label: text.buttons.half, command: `/half ${ticket.code} ${version}` };
  return [
    [
      { label: text.buttons.confirm, command: `/confirm ${ticket.code} ${version}` },
      ...(ticket.quantity > 1 ? [half] : []),
      { label: text.buttons.skip, command: `/skip ${ticket.code} ${version}` },
      why,
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
  const zone = notice.kind === 'channel_degraded' ? notice.zone : place.zone;
  const f = createFormat(language, text.format, {
    zone,
    currency: place.currency,
    operatorZone: options.operatorZone ?? null,
  });
  const say = text.notices[notice.kind] as (n: Notice, s: Speech) => readonly string[];
  return {
    lines: fitted(say(notice, speechOf(text, f, options.now, null))),
    buttons: noticeButtons(notice, text),
  };
}

function noticeButtons(notice: Notice, text: Catalogue): CardButton[][] {
  const b = text.buttons;
  switch (notice.kind) {
    case 'second_confirm': {
      const no = { label: b.no, command: `/no ${notice.nonce}` };
      return [
        notice.phrase === null ? [{ label: b.yes, command: `/yes ${notice.nonce}` }, no] : [no],
      ];
    }
    case 'kill_menu':
      return [
        [
          { label: b.kill, command: '/kill' },
          { label: b.flatten, command: '/flatten' },
        ],
      ];
    case 'exit_list':
      return notice.positions.slice(0, 12).map((held) => {
        const symbol = held.instrument.slice(0, held.instrument.lastIndexOf('.'));
        return [{ label: `${b.exit} ${symbol}`, command: `/exit ${symbol}` }];
      });
    case 'which_ticket':
      return notice.candidates
        .slice(0, 10)
        .map((ticket) => [
          { label: ticket.code, command: `/${notice.command} ${ticket.code} v${ticket.version}` },
        ]);
    case 'which_desk':
      return notice.desks
        .slice(0, 8)
        .map((desk) => [{ label: desk, command: `/${notice.command} ${desk}` }]);
    case 'not_understood':
      return [
        [
          { label: b.help, command: '/help' },
          { label: b.status, command: '/status' },
        ],
      ];
    default:
      return [];
  }
}

/** Renders the answer to a question. `place` as for notices. */
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
  });
  const say = text.answers[answer.kind] as (a: Answer, s: Speech) => readonly string[];
  return {
    lines: fitted(say(answer, speechOf(text, f, options.now, null))),
    buttons: answerButtons(answer, text),
  };
}

function answerButtons(answer: Answer, text: Catalogue): CardButton[][] {
  const b = text.buttons;
  switch (answer.kind) {
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
        .filter((ticket) => ticket.state === 'pending' && !ticket.isAdvice)
        .slice(0, 6)
        .map((ticket) => {
          const version = `v${ticket.version}`;
          return [
            { label: `${b.confirm} ${ticket.code}`, command: `/confirm ${ticket.code} ${version}` },
            { label: `${b.skip} ${ticket.code}`, command: `/skip ${ticket.code} ${version}` },
          ];
        });
    case 'positions':
      return [
        [
          { label: `${b.exit}…`, command: '/exit' },
          { label: b.status, command: '/status' },
        ],
      ];
    default:
      return [];
  }
}
