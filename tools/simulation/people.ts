import type { Card, Incoming } from '#app/ports.ts';
import type { Message } from '#core/engine/message.ts';
import type { ChatUser } from '#shell/chat/authorize.ts';
import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import type { ChatServer } from './chat.ts';
import { codeOf, stepAt } from './device.ts';
import { type Facts, meaningOf, type Question } from './meaning.ts';
import type { ChannelName, Code, Item, Person, Plan, Say } from './plan.ts';

/** User ids by channel and person; a stranger is in nobody's list. */
const IDS: Readonly<Record<ChannelName, Readonly<Record<Person, string>>>> = {
  telegram: { owner: '1', operator: '2', viewer: '3', stranger: '4' },
  second: { owner: '11', operator: '12', viewer: '13', stranger: '14' },
};

/** Who may speak: the owner on both channels; further people only where the plan lets them speak. */
export function usersOf(plan: Plan): ChatUser[] {
  const says = plan.items.filter((item) => item.kind === 'say');
  const speaks = (who: Person) => says.some((item) => item.who === who);
  const users: ChatUser[] = [];
  for (const channel of ['telegram', 'second'] as const) {
    users.push({ channel, userId: IDS[channel].owner, name: 'Owner', role: 'owner' });
    if (channel === 'second') continue;
    for (const role of ['operator', 'viewer'] as const)
      if (speaks(role)) users.push({ channel, userId: IDS[channel][role], name: role, role });
  }
  return users;
}

/** True for people who may answer a ticket, stop and kill. */
export function mayAct(channel: string, userId: string | null): boolean {
  const ids = IDS[channel as ChannelName];
  return userId === ids.owner || (channel === 'telegram' && userId === ids.operator);
}

export type PeopleDeps = {
  readonly plan: Plan;
  readonly time: VirtualClock;
  readonly originAt: number;
  readonly servers: ReadonlyMap<ChannelName, ChatServer>;
  /** What the words in braces of a text stand for. */
  readonly words: () => Readonly<Record<string, string>>;
  readonly note: (words: string) => void;
  /** `centaur kill` in a terminal of the machine that leads. */
  readonly killInTerminal: () => void;
};

/** What a person types in a terminal and not in a chat. */
export const TERMINAL_KILL = 'centaur kill';

/** An agreement that will be given once a question comes into a chat. */
type Willing = {
  readonly channel: ChannelName;
  readonly userId: string;
  readonly afterMs: number;
  readonly codes: readonly Code[];
};

/** Time between two tries of a code. */
const NEXT_CODE_MS = 13_000;

/**
 * The people at the chat. They read the cards that are shown, answer them as the plan says, and speak
 * when the plan lets them; they know nothing that was not shown to them.
 */
export class People {
  readonly #deps: PeopleDeps;
  readonly #says: readonly Say[];
  readonly #codes: string[] = [];
  readonly #seen = new Map<string, number>();
  /** Switches that were proposed or asked about, `<code> <step>`. */
  readonly #asked = new Set<string>();
  /** Orders that were handed to the person who executes by hand. */
  readonly #todos = new Set<string>();
  readonly #cards = new Map<string, { messageId: string; channel: ChannelName }[]>();
  #willing: Willing[] = [];
  #updates = 0;
  /** Step of the code that was typed last off the device. */
  #lastStep: number | null = null;

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
    this.#says = deps.plan.items.filter((item: Item): item is Say => item.kind === 'say');
    for (const say of this.#says) {
      const { when } = say;
      if ('at' in when) deps.time.at(deps.originAt + when.at, () => this.#say(say, null));
    }
  }

  /** A card is shown; the first showing of each counts. */
  see(channel: ChannelName, chatId: string, messageId: string, card: Card, facts: Facts): void {
    if (facts.question !== null) this.#answer(channel, chatId, facts.question);
    const { message } = facts;
    if (message?.kind === 'signal_entry' && message.ticket.state === 'pending') {
      const { code } = message.ticket;
      const shown = this.#cards.get(code) ?? [];
      shown.push({ messageId, channel });
      this.#cards.set(code, shown);
      if (this.#codes.includes(code)) return;
      this.#codes.push(code);
      this.#react('ticket', this.#codes.length, code);
      return;
    }
    if (channel !== 'telegram' || chatId !== IDS.telegram.owner) return;
    if (message?.kind === 'rotation') {
      const { step, code } = message.rotation;
      const asked = `${code} ${step}`;
      if ((step !== 'proposed' && step !== 'asking') || this.#asked.has(asked)) return;
      this.#asked.add(asked);
      const nth = [...this.#asked].filter((one) => one.endsWith(step)).length;
      this.#react(step === 'proposed' ? 'switch' : 'switch_asks', nth, code);
      return;
    }
    if (message?.kind === 'manual_todo' && this.#todos.has(message.order.orderId)) return;
    if (message?.kind === 'manual_todo') this.#todos.add(message.order.orderId);
    const kind = card.lines[0] ?? '';
    const nth = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, nth);
    this.#react(kind, nth, null, wordsOfTodo(message));
  }

  #react(kind: string, nth: number, code: string | null, words: Words = {}): void {
    const { time } = this.#deps;
    for (const say of this.#says) {
      const { when } = say;
      if (!('seen' in when) || when.seen !== kind || when.nth !== nth) continue;
      time.at(time.now() + when.afterMs, () => this.#say(say, code, words));
    }
  }

  #answer(channel: ChannelName, chatId: string, question: Question): void {
    const index = this.#willing.findIndex(
      (one) => one.channel === channel && one.userId === chatId,
    );
    const willing = this.#willing[index];
    if (willing === undefined) return;
    this.#willing.splice(index, 1);
    const { time } = this.#deps;
    const askedAt = time.now();
    const { nonce, asks, phrase, needsCode } = question;
    const meaning = { wants: 'agree', to: asks, askedAt, step: null } as const;
    const tries = needsCode ? willing.codes : [null];
    for (const [index, code] of tries.entries())
      time.at(askedAt + willing.afterMs + index * NEXT_CODE_MS, () => {
        if (code === null || phrase === null) {
          const text = phrase ?? `/yes ${nonce}`;
          return this.#send(channel, chatId, text, phrase === null, null, 40, 0, meaning);
        }
        const { step, digits } = this.#typed(code);
        const text = `${phrase} ${digits}`;
        this.#send(channel, chatId, text, false, null, 40, 0, { ...meaning, step });
      });
  }

  /** What is typed for a code, and the step it belongs to. */
  #typed(code: Code): { readonly step: number; readonly digits: string } {
    const current = stepAt(this.#deps.time.now());
    const used = this.#lastStep ?? current - 9;
    const step = code === 'old' ? current - 9 : code === 'used' ? used : current;
    if (code === 'right') this.#lastStep = step;
    const digits = codeOf(step);
    if (code !== 'wrong') return { step, digits };
    return { step: 0, digits: String((Number(digits) + 1) % 1_000_000).padStart(6, '0') };
  }

  #say(say: Say, seen: string | null, words: Words = {}): void {
    if (say.text === TERMINAL_KILL) return this.#deps.killInTerminal();
    const code = seen ?? this.#codes.at(-1) ?? '2222';
    const text = filled(say.text, { ...this.#deps.words(), code, ...words });
    const userId = IDS[say.channel][say.who];
    const shown = this.#cards.get(code)?.find((card) => card.channel === say.channel);
    const replyTo = say.as === 'reply' ? (shown?.messageId ?? null) : null;
    if (say.agreeAfterMs !== null)
      this.#willing.push({
        channel: say.channel,
        userId,
        afterMs: say.agreeAfterMs,
        codes: say.codes ?? ['right'],
      });
    const meaning = meaningOf(text, say.as === 'button', replyTo === null ? null : code);
    this.#send(
      say.channel,
      userId,
      text,
      say.as === 'button',
      replyTo,
      say.travelMs,
      say.repeats,
      meaning,
    );
  }

  #send(
    channel: ChannelName,
    userId: string,
    text: string,
    isButton: boolean,
    replyTo: string | null,
    travelMs: number,
    repeats: number,
    meaning: ReturnType<typeof meaningOf>,
  ): void {
    const { time, servers } = this.#deps;
    this.#updates += 1;
    const id = `${channel}-u${this.#updates}`;
    const sentAt = time.now();
    this.#deps.note(`${channel}:${userId} says ${text}`);
    const incoming: Incoming = {
      channel,
      updateId: id,
      chatId: userId,
      userId,
      userName: 'somebody',
      chatKind: 'private',
      messageId: id,
      text,
      callback: isButton ? { id, data: text } : null,
      replyTo,
      sentAt,
      receivedAt: sentAt,
    };
    const server = servers.get(channel);
    for (let copy = 0; copy <= repeats; copy += 1) {
      const at = sentAt + travelMs + copy * 7_000;
      time.at(at, () => {
        // a tap's own instant is that of its receipt: the service does not tell when it was made
        const stamped = isButton ? { ...incoming, sentAt: time.now() } : incoming;
        server?.push({ incoming: stamped, meaning });
      });
    }
  }
}

type Words = Readonly<Record<string, string>>;

/** What a person reads off the card of an order they have to execute. */
function wordsOfTodo(message: Message | null): Words {
  if (message?.kind !== 'manual_todo' && message?.kind !== 'manual_overdue') return {};
  const { order, ticketCode, remaining } = message;
  const price = order.limitPrice ?? order.midAtIntent ?? 100;
  return {
    todo: ticketCode === '' ? order.orderId : ticketCode,
    limit: price.toFixed(2),
    off: (price * 1.2).toFixed(2),
    left: String(remaining),
    some: String(Math.max(1, Math.floor(remaining / 2))),
  };
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => words[name] ?? '');
}
