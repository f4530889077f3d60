import type { Axes, Message, MessageKind } from '#core/engine/message.ts';
import type { Environment } from '#core/engine/policy.ts';
import type { ExitReason, LockCause, SafeModeCause, VerdictKind } from '#core/engine/state.ts';
import type { Reason, ReasonCode } from '#core/gates/reason.ts';
import type { OrderRole, OrderState } from '#core/machines/order.ts';
import type { Phase } from '#core/machines/session-phase.ts';
import type { Stance } from '#core/machines/stance.ts';
import type { Ticket, TicketProgress, TicketState } from '#core/machines/ticket.ts';
import type { RegimeClose } from '#core/regimes/day-label.ts';
import type { Mode } from '#core/replies/act.ts';
import type { Answer, AnswerKind } from '#core/replies/answer.ts';
import type { CommandName, CommandRole } from '#core/replies/command-table.ts';
import type { Notice, NoticeKind } from '#core/replies/notice.ts';
import type { Permission } from '#core/risk/permission.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import type { Format, FormatWords } from '#shell/chat/format.ts';

/** The member of a union whose `kind` is (or may be) K. */
export type Of<Union, K> = Union extends { readonly kind: infer Kinds }
  ? K extends Kinds
    ? Union
    : never
  : never;

/** What a text function gets besides its message. */
export type Speech = {
  readonly f: Format;
  /** Instant of rendering, for countdowns. */
  readonly now: number;
  /** A reason with its figures. */
  reason(reason: Reason): string;
  /** Desk, permission, health and phase in one line. */
  axes(axes: Axes): string;
};

/** Everything one language says. Same keys in every language, by type. */
export type Catalogue = {
  readonly format: FormatWords;
  readonly reasons: Readonly<Record<ReasonCode, string>>;
  readonly phases: Readonly<Record<Phase, string>>;
  readonly permissions: Readonly<Record<Permission, string>>;
  readonly environments: Readonly<Record<Environment, string>>;
  /** Stands before every axes line of a desk with real money. */
  readonly liveMark: string;
  readonly modes: Readonly<Record<Mode, string>>;
  readonly roles: Readonly<Record<CommandRole, string>>;
  readonly dayTypes: Readonly<Record<DayType, string>>;
  readonly closeLabels: Readonly<Record<RegimeClose['label'], string>>;
  readonly ticketStates: Readonly<Record<TicketState, string>>;
  readonly orderStates: Readonly<Record<OrderState, string>>;
  readonly orderRoles: Readonly<Record<OrderRole, string>>;
  readonly exitReasons: Readonly<Record<ExitReason, string>>;
  readonly stances: Readonly<Record<Stance, string>>;
  readonly safeModeCauses: Readonly<Record<SafeModeCause, string>>;
  /** What a person can do about each cause. */
  readonly safeModeCures: Readonly<Record<SafeModeCause, string>>;
  readonly lockCauses: Readonly<Record<LockCause, string>>;
  /** What a person can do about each lock. */
  readonly lockCures: Readonly<Record<LockCause, string>>;
  readonly verdicts: Readonly<Record<VerdictKind, string>>;
  readonly progress: Readonly<
    Record<TicketProgress['step'], (step: TicketProgress, ticket: Ticket, f: Format) => string>
  >;
  readonly healthOk: string;
  readonly healthSafeMode: string;
  /** Nobody has said what an account holds that a person executes. */
  readonly healthUnattested: string;
  readonly checks: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<CommandName, string>>;
  readonly buttons: Readonly<
    Record<
      | 'confirm'
      | 'half'
      | 'skip'
      | 'why'
      | 'chart'
      | 'allow'
      | 'keepOff'
      | 'stop'
      | 'kill'
      | 'flatten'
      | 'seen'
      | 'yes'
      | 'no'
      | 'positions'
      | 'status'
      | 'refresh'
      | 'use'
      | 'pending'
      | 'help'
      | 'older'
      | 'exit'
      | 'exitAtMarket'
      | 'exitAtOpen'
      | 'safeOff'
      | 'couldNotFill'
      | 'conditionalSet'
      | 'switchNow'
      | 'keepFirst'
      | 'sellFirst',
      string
    >
  >;
  readonly messages: {
    readonly [K in MessageKind]: (message: Of<Message, K>, speech: Speech) => readonly string[];
  };
  readonly notices: {
    readonly [K in NoticeKind]: (notice: Of<Notice, K>, speech: Speech) => readonly string[];
  };
  readonly answers: {
    readonly [K in AnswerKind]: (answer: Of<Answer, K>, speech: Speech) => readonly string[];
  };
};
