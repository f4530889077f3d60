import type { Access, Clock, Identity, Incoming } from '#app/ports.ts';
import { CHOOSES_NOTHING, type ChatChoice } from '#core/replies/chat-choice.ts';
import { type ChatHearing, HEARS_ALL } from '#core/replies/hearing.ts';

type Role = 'viewer' | 'operator' | 'owner';
type Language = 'zh' | 'en';

/** One listed person on one channel. `userId` is the channel's numeric id, never a name. */
export type ChatUser = {
  readonly channel: string;
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  /** Whose chat it is where a person has several: the key of the first one. Left out: this one's own. */
  readonly person?: string | undefined;
};

/** Everything the book keeps; JSON-safe. */
export type UserBookContent = {
  readonly users: readonly ChatUser[];
  /** Groups that may act, not only read. */
  readonly groups: readonly { readonly channel: string; readonly chatId: string }[];
  readonly languages: readonly {
    readonly channel: string;
    readonly chatId: string;
    readonly language: Language;
  }[];
  /** Whose clock chats show, where they said so. */
  readonly zones?:
    | readonly { readonly channel: string; readonly chatId: string; readonly zone: string }[]
    | undefined;
  /** What chats want to hear, where they said so. */
  readonly hearing?:
    | readonly (ChatHearing & { readonly channel: string; readonly chatId: string })[]
    | undefined;
  /** What chats have chosen to look at. */
  readonly choices?:
    | readonly (ChatChoice & { readonly channel: string; readonly chatId: string })[]
    | undefined;
};

/** Where users are kept. `load` answers null before the first save; both may throw ConfigError. */
export interface UserBook {
  load(): Promise<UserBookContent | null>;
  save(content: UserBookContent): Promise<void>;
}

export type AccessOptions = {
  readonly book: UserBook;
  readonly clock: Clock;
  readonly defaultLanguage: Language;
  /** Users of the configuration; they outrank the book. */
  readonly configured?: readonly ChatUser[];
  readonly groups?: readonly { readonly channel: string; readonly chatId: string }[];
  /** A fresh unguessable code of 6 to 16 characters `[A-Z0-9]`. */
  readonly newPairingCode: () => string;
  /** True when somebody sits at this process's terminal: he is owner. */
  readonly hasTerminal: boolean;
};

export type ChatAccess = Access & {
  /**
   * Opens pairing for one person, who becomes owner when nobody is yet, else `role`. The code is
   * for the server's console only; it replaces an earlier one of the same channel (null: any channel).
   * On a channel nobody speaks on yet it is for another chat of the owner, where there is only one.
   */
  offerPairing(role?: Role, channel?: string | null): PairingOffer;
  /** True when nobody may speak on this channel yet. */
  isUnused(channel: string): boolean;
};

export type PairingOffer = {
  readonly pairingCode: string;
  readonly validMs: number;
  /** Whose second chat it becomes; null: a person of its own. */
  readonly ownerName: string | null;
};

type Pairing = {
  readonly code: string;
  readonly untilAt: number;
  readonly role: Role;
  readonly owner: ChatUser | null;
};

const PAIRING_MS = 10 * 60_000;
const BAN_MS = 60 * 60_000;
const BAD_TRIES = 5;
const NOTICE_EVERY_MS = 60 * 60_000;
/** Strangers remembered for bans; the oldest goes first. */
const MOST_STRANGERS = 1000;
export const TERMINAL_CHAT = 'terminal';

/** Loads the book and answers the table in memory; see `Access`. */
export async function createAccess(options: AccessOptions): Promise<ChatAccess> {
  const content = (await options.book.load()) ?? { users: [], groups: [], languages: [] };
  return new Table(options, content);
}

class Table implements ChatAccess {
  readonly #options: AccessOptions;
  #users: ChatUser[];
  readonly #groups: Set<string>;
  readonly #languages: Map<string, Language>;
  readonly #hearing: Map<string, ChatHearing>;
  readonly #zones: Map<string, string>;
  readonly #choices: Map<string, ChatChoice>;
  /** By channel; '' for one that any channel may take. */
  readonly #pairings = new Map<string, Pairing>();
  readonly #tries = new Map<string, { bad: number; bannedUntil: number }>();
  #refused = 0;
  #noticedAt: number | null = null;

  constructor(options: AccessOptions, content: UserBookContent) {
    this.#options = options;
    const configured = options.configured ?? [];
    const isConfigured = (user: ChatUser) =>
      configured.some((other) => other.channel === user.channel && other.userId === user.userId);
    this.#users = [...configured, ...content.users.filter((user) => !isConfigured(user))];
    this.#groups = new Set(
      [...(options.groups ?? []), ...content.groups].map((g) => keyOf(g.channel, g.chatId)),
    );
    this.#languages = new Map(
      content.languages.map((l) => [keyOf(l.channel, l.chatId), l.language]),
    );
    this.#zones = new Map(
      (content.zones ?? []).map(({ channel, chatId, zone }) => [keyOf(channel, chatId), zone]),
    );
    this.#hearing = new Map(
      (content.hearing ?? []).map(({ channel, chatId, ...hearing }) => [
        keyOf(channel, chatId),
        hearing,
      ]),
    );
    this.#choices = new Map(
      (content.choices ?? []).map(({ channel, chatId, ...choice }) => [
        keyOf(channel, chatId),
        choice,
      ]),
    );
  }

  choiceOf(channel: string, chatId: string): ChatChoice {
    return this.#choices.get(keyOf(channel, chatId)) ?? CHOOSES_NOTHING;
  }

  async setChoice(row: Incoming, choice: ChatChoice): Promise<void> {
    this.#choices.set(keyOf(row.channel, row.chatId), choice);
    await this.#save();
  }

  hearingOf(channel: string, chatId: string): ChatHearing {
    return this.#hearing.get(keyOf(channel, chatId)) ?? HEARS_ALL;
  }

  async setHearing(row: Incoming, hearing: ChatHearing): Promise<void> {
    this.#hearing.set(keyOf(row.channel, row.chatId), hearing);
    await this.#save();
  }

  zoneOf(channel: string, chatId: string): string | null {
    return this.#zones.get(keyOf(channel, chatId)) ?? null;
  }

  async setZone(row: Incoming, zone: string | null): Promise<void> {
    const key = keyOf(row.channel, row.chatId);
    if (zone === null) this.#zones.delete(key);
    else this.#zones.set(key, zone);
    await this.#save();
  }

  identify(row: Incoming): Identity {
    const language = this.languageOf(row.channel, row.chatId);
    if (row.chatKind === 'terminal') {
      if (!this.#options.hasTerminal || row.channel !== 'terminal') return { kind: 'stranger' };
      const actor = {
        id: 'terminal:owner',
        name: row.userName ?? 'owner',
        role: 'owner',
        channel: row.channel,
        chatId: row.chatId,
      } as const;
      return { kind: 'known', actor, language, canAct: true };
    }
    const user = this.#userOf(row);
    if (user === undefined) return { kind: 'stranger' };
    // A private chat carries its person's id; anything else claims to be what it is not.
    if (row.chatKind === 'private' && row.chatId !== user.userId) return { kind: 'stranger' };
    // a group that is listed is so with all its topics
    const [group = ''] = row.chatId.split('/');
    const canAct =
      row.chatKind === 'private' ||
      [row.chatId, group].some((id) => this.#groups.has(keyOf(row.channel, id)));
    const actor = {
      id: `${row.channel}:${user.userId}`,
      name: user.name,
      role: user.role,
      channel: row.channel,
      chatId: row.chatId,
    };
    return { kind: 'known', actor, language, canAct };
  }

  languageOf(channel: string, chatId: string): Language {
    return this.#languages.get(keyOf(channel, chatId)) ?? this.#options.defaultLanguage;
  }

  async setLanguage(row: Incoming, language: Language): Promise<void> {
    this.#languages.set(keyOf(row.channel, row.chatId), language);
    await this.#save();
  }

  async pair(row: Incoming, pairingCode: string): ReturnType<Access['pair']> {
    const now = this.#options.clock.now();
    if (row.userId === null || row.chatKind !== 'private' || row.chatId !== row.userId)
      return { kind: 'ignored' };
    const who = keyOf(row.channel, row.userId);
    const tries = this.#tries.get(who) ?? { bad: 0, bannedUntil: 0 };
    if (now < tries.bannedUntil) return { kind: 'ignored' };
    const offers = [row.channel, ''].filter(
      (key) => (this.#pairings.get(key)?.untilAt ?? 0) >= now,
    );
    if (offers.length === 0) return { kind: 'ignored' };
    const key = offers.find((offer) => this.#pairings.get(offer)?.code === pairingCode);
    const pairing = key === undefined ? undefined : this.#pairings.get(key);
    if (key === undefined || pairing === undefined) {
      const bad = tries.bad + 1;
      this.#remember(
        who,
        bad >= BAD_TRIES ? { bad: 0, bannedUntil: now + BAN_MS } : { bad, bannedUntil: 0 },
      );
      return { kind: 'refused' };
    }
    this.#pairings.delete(key);
    const hasOwner = this.#users.some((user) => user.role === 'owner');
    const { owner } = pairing;
    const user: ChatUser = {
      channel: row.channel,
      userId: row.userId,
      name: row.userName ?? row.userId,
      role: hasOwner ? pairing.role : 'owner',
      ...(owner === null ? {} : { person: personOf(owner) }),
    };
    this.#users = [
      ...this.#users.filter((other) => keyOf(other.channel, other.userId) !== who),
      user,
    ];
    await this.#save();
    const language = this.languageOf(row.channel, row.chatId);
    return {
      kind: 'paired',
      actor: {
        id: who,
        name: user.name,
        role: user.role,
        channel: row.channel,
        chatId: row.chatId,
      },
      language,
    };
  }

  async setRole(user: string, role: Role | null): ReturnType<Access['setRole']> {
    const isMeant = (one: ChatUser): boolean => keyOf(one.channel, one.userId) === user;
    const found = this.#users.find(isMeant);
    if (found === undefined) return { kind: 'unknown' };
    const next = this.#users.flatMap((one) => {
      if (!isMeant(one)) return [one];
      return role === null ? [] : [{ ...one, role }];
    });
    // without an owner the next stranger with a code would become one
    if (found.role === 'owner' && !next.some((one) => one.role === 'owner'))
      return { kind: 'last_owner' };
    this.#users = next;
    await this.#save();
    return { kind: 'set', name: found.name };
  }

  noteStranger(_row: Incoming): number | null {
    const now = this.#options.clock.now();
    this.#refused += 1;
    if (this.#noticedAt !== null && now - this.#noticedAt < NOTICE_EVERY_MS) return null;
    this.#noticedAt = now;
    const count = this.#refused;
    this.#refused = 0;
    return count;
  }

  chats(role: Role): readonly { channel: string; chatId: string; person: string }[] {
    const rank = { viewer: 0, operator: 1, owner: 2 };
    const ownOf = (chat: { channel: string; chatId: string }) => ({
      ...chat,
      person: keyOf(chat.channel, chat.chatId),
    });
    const terminal = this.#options.hasTerminal
      ? [ownOf({ channel: 'terminal', chatId: TERMINAL_CHAT })]
      : [];
    const people = this.#users
      .filter((user) => rank[user.role] >= rank[role])
      .map((user) => ({ channel: user.channel, chatId: user.userId, person: personOf(user) }));
    const groups = role === 'viewer' ? [...this.#groups].map((key) => ownOf(chatOfKey(key))) : [];
    return [...terminal, ...people, ...groups];
  }

  offerPairing(role: Role = 'viewer', channel: string | null = null): PairingOffer {
    const code = this.#options.newPairingCode();
    const owners = this.#users.filter((user) => user.role === 'owner');
    const people = new Set(owners.map(personOf));
    const isSecond = channel !== null && this.isUnused(channel) && people.size === 1;
    const owner = isSecond ? (owners[0] ?? null) : null;
    const untilAt = this.#options.clock.now() + PAIRING_MS;
    this.#pairings.set(channel ?? '', { code, untilAt, role, owner });
    return { pairingCode: code, validMs: PAIRING_MS, ownerName: owner?.name ?? null };
  }

  isUnused(channel: string): boolean {
    return !this.#users.some((user) => user.channel === channel);
  }

  users(): readonly ChatUser[] {
    return this.#users;
  }

  #userOf(row: Incoming): ChatUser | undefined {
    if (row.userId === null) return undefined;
    return this.#users.find((user) => user.channel === row.channel && user.userId === row.userId);
  }

  #remember(who: string, tries: { bad: number; bannedUntil: number }): void {
    this.#tries.delete(who);
    this.#tries.set(who, tries);
    const oldest = this.#tries.keys().next();
    if (this.#tries.size > MOST_STRANGERS && oldest.done !== true) this.#tries.delete(oldest.value);
  }

  async #save(): Promise<void> {
    await this.#options.book.save({
      users: this.#users,
      groups: [...this.#groups].map(chatOfKey),
      languages: [...this.#languages].map(([key, language]) => ({ ...chatOfKey(key), language })),
      zones: [...this.#zones].map(([key, zone]) => ({ ...chatOfKey(key), zone })),
      hearing: [...this.#hearing].map(([key, hearing]) => ({ ...chatOfKey(key), ...hearing })),
      choices: [...this.#choices].map(([key, choice]) => ({ ...chatOfKey(key), ...choice })),
    });
  }
}

function personOf(user: ChatUser): string {
  return user.person ?? keyOf(user.channel, user.userId);
}

function keyOf(channel: string, id: string): string {
  return `${channel}:${id}`;
}

function chatOfKey(key: string): { channel: string; chatId: string } {
  const colon = key.indexOf(':');
  return { channel: key.slice(0, colon), chatId: key.slice(colon + 1) };
}
