import type { DeskAct, Question, Reply } from './act.ts';
import type { CommandName } from './command-table.ts';

/** The command that leads to an act. */
export function commandFor(act: DeskAct['act']): CommandName {
  return act === 'stops' ? 'stoploss' : act;
}

/** A reply that acts. `day` is the trading day a button was made for. */
export function act(value: DeskAct, day: string | null = null): Reply {
  return { kind: 'act', act: value, day };
}

/** A reply that asks. */
export function question(value: Question): Reply {
  return { kind: 'question', question: value };
}

/** A known command whose arguments make no sense: what was found and what was expected. */
export function bad(command: string, found: string, expected: string): Reply {
  return { kind: 'bad_arguments', command, found: found.slice(0, 40), expected };
}

/** A symbol, an instrument or a ticket code, in capitals. */
export const TARGET = /^[A-Z0-9][A-Z0-9.-]{0,15}$/;
/** A desk, account or market named as an argument of its own. */
export const NAME = /^[a-z][a-z0-9-]{1,40}$/;
/** An order id as brokers know it: at most 128 characters. */
export const ORDER_ID = /^[\w.:-]{1,128}$/;
