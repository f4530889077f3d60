import { somebodyIsThere } from './invariants-absence.ts';
import { bookIsTrue, neverSoldTheSameDay, stateIsFold } from './invariants-book.ts';
import { deadIsNotEntered, onlyWhatWasTold, wordStands } from './invariants-by-hand.ts';
import { verdictsReachTheChat } from './invariants-chat.ts';
import { codeOfItsOwn } from './invariants-codes.ts';
import {
  deadNeverTrades,
  freshData,
  oncePerLeg,
  onlyConfirmed,
  silenceAfterStop,
  withinCaps,
} from './invariants-entry.ts';
import { eventsAreKept } from './invariants-events.ts';
import { stopOfTheDay } from './invariants-ex.ts';
import { exitsAlwaysPass } from './invariants-exit.ts';
import { noneWhileHalted } from './invariants-halt.ts';
import { journalIsKept } from './invariants-journal.ts';
import { noneThroughTheBreak, shutIsWaitedFor } from './invariants-shut.ts';
import { firstIsGone } from './invariants-switch.ts';
import type { Invariant } from './observed.ts';

/**
 * The eleven invariants, in their order; the third, the fifth, the ninth and the tenth have a part of their own
 * for an operator who is not there, for switches, for the journal and for halts. A finding of number 0 is a bug the code itself noticed.
 */
export const INVARIANTS: readonly Invariant[] = [
  onlyConfirmed,
  oncePerLeg,
  silenceAfterStop,
  bookIsTrue,
  withinCaps,
  firstIsGone,
  verdictsReachTheChat,
  deadNeverTrades,
  neverSoldTheSameDay,
  stateIsFold,
  journalIsKept,
  freshData,
  exitsAlwaysPass,
  somebodyIsThere,
  noneWhileHalted,
  onlyWhatWasTold,
  wordStands,
  deadIsNotEntered,
  codeOfItsOwn,
  eventsAreKept,
  stopOfTheDay,
  shutIsWaitedFor,
  noneThroughTheBreak,
];

/** What each finding says, by its number. */
export const TITLES: readonly string[] = [
  'the code meets no bug of its own',
  'in semi mode no entry order exists without a confirmed ticket',
  'at most one entry order per ticket and leg ever reaches the broker',
  'after a kill or stop is accepted no entry is submitted until resume or ALLOW',
  'book equals the sum of fills equals the broker, or the desk is in SAFE_MODE',
  'no submission exceeds a cap that was in force when it was sent',
  'every verdict reaches the chat, order holds, nothing dead is delivered as alive',
  'an expired, skipped, superseded or void ticket never trades',
  'shares under T+1 are never offered for sale on the day they were bought',
  'state equals the fold of its events; a snapshot plus tail equals the whole fold',
  'no entry is decided on stale or future data',
  'a protective exit that is due is never blocked',
];
