import { type Bot, Refused } from './carrier.ts';
import type { Written } from './desk-line.ts';

/*
 * As much of wechaty as is used here, so that the shapes are checked where the package is not installed.
 */
type Sayable = { say(something: unknown): Promise<unknown> };
type Contact = Sayable & { readonly id: string; name(): string };
type Room = Sayable & { readonly id: string };
type Message = {
  readonly id: string;
  self(): boolean;
  type(): number;
  text(): string;
  date(): Date;
  talker(): Contact;
  room(): Room | undefined;
};
export type WechatyLike = {
  readonly isLoggedIn: boolean;
  readonly Contact: { find(query: { id: string }): Promise<Contact | undefined> };
  readonly Room: { find(query: { id: string }): Promise<Room | undefined> };
  readonly Message: { readonly Type: { readonly Text: number } };
  on(event: 'message', hear: (message: Message) => void): unknown;
  on(event: 'scan', hear: (code: string) => void): unknown;
  on(event: 'login' | 'logout', hear: () => void): unknown;
  on(event: 'error', hear: (error: unknown) => void): unknown;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** Makes of a file what wechaty sends. */
export type ToFileBox = (base64: string, name: string) => unknown;

export type BotEvents = {
  readonly onWritten: (message: Written) => void;
  readonly onChange: () => void;
  readonly onScan: (code: string) => void;
  readonly tell: (line: string) => void;
};

/** An account of wechaty: it says what it is told, and hears people's words, not its own. */
export function listenTo(wechaty: WechatyLike, toFileBox: ToFileBox, events: BotEvents): Bot {
  wechaty.on('message', (message) => {
    const written = writtenOf(message, wechaty.Message.Type.Text);
    if (written !== null) events.onWritten(written);
  });
  wechaty.on('scan', events.onScan);
  wechaty.on('login', events.onChange);
  wechaty.on('logout', events.onChange);
  wechaty.on('error', (error) => events.tell(`wechaty: ${error}`));
  const chatOf = async (chatId: string): Promise<Sayable> => {
    const chat =
      (await wechaty.Room.find({ id: chatId })) ?? (await wechaty.Contact.find({ id: chatId }));
    if (chat === undefined) throw new Refused('the account knows no such chat');
    return chat;
  };
  return {
    isLoggedIn: () => wechaty.isLoggedIn,
    async say(chatId, text) {
      await (await chatOf(chatId)).say(text);
    },
    async sayFile(chatId, { base64, name }) {
      await (await chatOf(chatId)).say(toFileBox(base64, name));
    },
  };
}

/** Null: its own, or no words. */
function writtenOf(message: Message, textType: number): Written | null {
  if (message.self() || message.type() !== textType) return null;
  const talker = message.talker();
  const room = message.room();
  return {
    id: message.id,
    chatId: room?.id ?? talker.id,
    userId: talker.id,
    userName: talker.name(),
    chatKind: room === undefined ? 'private' : 'group',
    // in a group a message to the bot begins with its name
    text: room === undefined ? message.text() : message.text().replace(/^\s*@\S+\s*/, ''),
    sentAt: message.date().getTime(),
  };
}
