import { balanceOf } from '#core/engine/balance.ts';
import { seenOf } from '#core/engine/view.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import type { Question } from '#core/replies/act.ts';
import type { PriceLine } from '#core/replies/answer.ts';
import type { ChatChoice } from '#core/replies/chat-choice.ts';
import type { Answered } from './answer-question.ts';
import type { DeskHandle } from './desk-handle.ts';
import { viewOf } from './desk-view.ts';
import { deskScope } from './find-desk.ts';
import { freshQuote } from './held-quotes.ts';
import { nameAt } from './judge-switch.ts';

/** Most prices of one answer. */
const MOST_PRICES = 20;

/** A name that a desk knows, and the desk; the first that does. */
export function followedName(
  word: string,
  desks: readonly DeskHandle[],
): { readonly desk: DeskHandle; readonly instrument: InstrumentId } | null {
  for (const desk of desks) {
    const instrument = nameAt(desk, word);
    if (instrument !== null) return { desk, instrument };
  }
  return null;
}

/** What is said of a word that means no name here. */
export function unknownName(found: string, desks: readonly DeskHandle[]): Answered {
  const known = desks.flatMap(({ policy }) => policy.instruments.map(symbolOf));
  return { kind: 'notice', notice: { kind: 'unknown_symbol', found, known: known.slice(0, 10) } };
}

/** What accounts are worth, and what names cost. */
export async function lookAnswer(
  at: number,
  question: Extract<Question, { ask: 'balance' | 'plan' | 'strategy' | 'quote' | 'watch' }>,
  choice: ChatChoice,
  desks: readonly DeskHandle[],
): Promise<Answered> {
  return question.ask === 'quote' || question.ask === 'watch'
    ? await pricesAnswer(at, question, choice, desks)
    : scopedAnswer(at, question, desks);
}

/** Of the desks that are named: what they are worth, mean to do, or do it by. */
function scopedAnswer(
  at: number,
  question: Extract<Question, { ask: 'balance' | 'plan' | 'strategy' }>,
  desks: readonly DeskHandle[],
): Answered {
  const { scope } = question;
  const meant = deskScope(scope, desks);
  if (scope !== null && meant.length === 0) {
    const names = desks.map(({ policy }) => policy.deskId);
    return { kind: 'notice', notice: { kind: 'unknown_desk', found: scope, desks: names } };
  }
  const views = meant.map((desk) => viewOf(desk, at));
  switch (question.ask) {
    case 'balance':
      return { kind: 'answer', answer: { at, kind: 'balance', balances: views.map(balanceOf) } };
    case 'plan':
      return { kind: 'answer', answer: { at, kind: 'plan', desks: views } };
    case 'strategy': {
      const { isWhole } = question;
      return { kind: 'answer', answer: { at, kind: 'strategy', desks: views, isWhole } };
    }
  }
}

/** Prices asked for now: of one name, of those the chat watches, or of what is held and followed. */
export async function pricesAnswer(
  at: number,
  question: Extract<Question, { ask: 'quote' | 'watch' }>,
  { watched }: ChatChoice,
  desks: readonly DeskHandle[],
): Promise<Answered> {
  const symbol = question.ask === 'quote' ? question.symbol : null;
  if (symbol !== null) {
    const found = followedName(symbol, desks);
    if (found === null) return unknownName(symbol, desks);
    const lines = [await priceLine(found.instrument, found.desk)];
    return { kind: 'answer', answer: { at, kind: 'prices', of: 'name', lines } };
  }
  const isOwn = question.ask === 'watch' || watched.length > 0;
  const names = isOwn
    ? watched.map((instrument) => ({
        instrument,
        desk: followedName(instrument, desks)?.desk ?? null,
      }))
    : followed(desks);
  const lines = await Promise.all(
    names.slice(0, MOST_PRICES).map(({ instrument, desk }) => priceLine(instrument, desk)),
  );
  const of = isOwn ? 'watched' : 'followed';
  return { kind: 'answer', answer: { at, kind: 'prices', of, lines } };
}

/** What is held, then what the settings name. */
function followed(desks: readonly DeskHandle[]) {
  return desks.flatMap((desk) => {
    const held = Object.keys(desk.state().positions) as InstrumentId[];
    const names = new Set([...held, ...desk.policy.instruments]);
    return [...names].map((instrument) => ({ instrument, desk }));
  });
}

async function priceLine(instrument: InstrumentId, desk: DeskHandle | null): Promise<PriceLine> {
  const none = { quote: null, close: null, closedAt: null, previousClose: null, held: 0 };
  if (desk === null) return { instrument, ...none };
  const fresh = await freshQuote(desk, instrument);
  const state = desk.state();
  const { quote, evaluation } = seenOf(desk.view(), instrument);
  const newest = fresh !== null && fresh.at >= (quote?.at ?? 0) ? fresh : quote;
  return {
    instrument,
    quote: newest,
    close: evaluation?.bar.close ?? null,
    closedAt: evaluation?.asOf ?? null,
    previousClose: state.symbols[instrument]?.facts?.previousClose ?? null,
    held: state.positions[instrument]?.quantity ?? 0,
  };
}
