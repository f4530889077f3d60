import { createHash, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
import writeFileAtomic from 'write-file-atomic';
import { ChannelError } from '#app/errors.ts';
import type { CardButton, Channel, Incoming, Outgoing, OutgoingFile } from '#app/ports.ts';
import { COMMANDS } from '#core/replies/command-table.ts';
import { TERMINAL_CHAT } from './authorize.ts';
import { newsOf } from './edit-lines.ts';
import { createGiver, type Giver } from './keep-giving.ts';
import { type Gains, paint } from './terminal-paint.ts';

export type TerminalOptions = {
  readonly input: NodeJS.ReadableStream;
  /** Where the conversation is written; stderr when stdout carries data. */
  readonly output: NodeJS.WritableStream;
  readonly now: () => number;
  readonly userName: string;
  /** Where files are written; made with the first one. */
  readonly filesDir: string;
  /** Which colour gains have; `none` leaves figures plain. */
  readonly gains?: Gains;
  /** Called for Ctrl-C, which readline takes from the process. */
  readonly onInterrupt?: () => void;
};

type Shown = { readonly lines: readonly string[]; readonly numbers: readonly number[] };

/** Numbers of buttons run on, so that a number typed late never means a newer button. */
const HIGHEST_NUMBER = 99;
const MOST_SHOWN = 500;
const PROMPT = '> ';

/**
 * The conversation on stdin and stdout: line in, card out. With a TTY it has colours, history and
 * completion; in a pipe it is plain. A button has a number and is tapped by typing it. An edited
 * message is one new line marked `↻`. The end of the input ends nothing but the input.
 */
export function createTerminalChannel(options: TerminalOptions): Channel {
  return new TerminalChannel(options);
}

class TerminalChannel implements Channel {
  readonly name = 'terminal';
  readonly #options: TerminalOptions;
  readonly #session = randomUUID();
  readonly #isTty: boolean;
  readonly #buttons = new Map<number, CardButton>();
  readonly #shown = new Map<string, Shown>();
  #line = 0;
  #message = 0;
  #number = 0;
  #reader: Interface | null = null;
  #isBroken = false;
  #isInputOver = false;
  #isStopped = false;
  #giver: Giver | null = null;

  constructor(options: TerminalOptions) {
    this.#options = options;
    const { input, output } = options;
    this.#isTty =
      'isTTY' in input && input.isTTY === true && 'isTTY' in output && output.isTTY === true;
    output.on('error', () => {
      this.#isBroken = true;
    });
  }

  async start(receive: (rows: readonly Incoming[]) => Promise<void>): Promise<void> {
    const { input, output, onInterrupt } = this.#options;
    this.#reader = createInterface({
      input,
      ...(this.#isTty ? { output, completer: complete, historySize: 200 } : {}),
      terminal: this.#isTty,
      prompt: PROMPT,
    });
    const giver = createGiver(receive, (ms, run) => {
      const timer = setTimeout(run, ms).unref();
      return () => clearTimeout(timer);
    });
    this.#giver = giver;
    this.#reader.on('line', (line) => {
      this.#prompt();
      const row = this.#incoming(line);
      if (row !== null) giver.take(row);
    });
    this.#reader.on('SIGINT', () => {
      if (onInterrupt === undefined) process.kill(process.pid, 'SIGINT');
      else onInterrupt();
    });
    input.on('error', () => this.#reader?.close());
    this.#reader.on('close', () => {
      this.#isInputOver = true;
    });
    this.#prompt();
  }

  async deliver(message: Outgoing): Promise<string> {
    if (this.#isBroken)
      throw new ChannelError('terminal: output is closed', { code: 'closed', retryable: false });
    const before = message.edit === null ? undefined : this.#shown.get(message.edit);
    const id = message.edit ?? `t${this.#nextMessage()}`;
    const { lines, buttons } = message.card;
    for (const number of before?.numbers ?? []) this.#buttons.delete(number);
    const numbered = buttons.flat().map((button) => this.#numbered(button));
    const text = before === undefined ? lines : newsOf(before.lines, lines);
    const choices = numbered.map(({ number, button }) => `[${number}] ${button.label}`).join('  ');
    const isSame = before !== undefined && text.length === 0;
    const { file } = message;
    const shownFile = file === undefined ? [] : [`→ ${await this.#writeFile(file)}`];
    if (!isSame) await this.#write([...text, ...shownFile, ...(choices === '' ? [] : [choices])]);
    this.#remember(id, { lines, numbers: numbered.map((entry) => entry.number) });
    return id;
  }

  /** Without an input nobody sits there: a service that prints reaches nobody. */
  async probe(): Promise<void> {
    if (this.#isBroken || this.#isInputOver)
      throw new ChannelError('terminal: input or output is closed', {
        code: 'closed',
        retryable: false,
      });
  }

  async acknowledge(): Promise<void> {
    // A number typed is answered by what it does.
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#reader?.close();
    this.#reader = null;
    await this.#giver?.stop();
  }

  #nextMessage(): number {
    this.#message += 1;
    return this.#message;
  }

  #numbered(button: CardButton): { number: number; button: CardButton } {
    this.#number = (this.#number % HIGHEST_NUMBER) + 1;
    this.#buttons.set(this.#number, button);
    return { number: this.#number, button };
  }

  #remember(id: string, shown: Shown): void {
    this.#shown.delete(id);
    this.#shown.set(id, shown);
    const oldest = this.#shown.keys().next();
    if (this.#shown.size > MOST_SHOWN && oldest.done !== true) this.#shown.delete(oldest.value);
  }

  #incoming(line: string): Incoming | null {
    const typed = line.trim();
    if (typed === '') return null;
    this.#line += 1;
    const id = `${this.#session}:${this.#line}`;
    const button = /^\d{1,2}$/.test(typed) ? this.#buttons.get(Number(typed)) : undefined;
    const now = this.#options.now();
    return {
      channel: this.name,
      updateId: id,
      chatId: TERMINAL_CHAT,
      userId: 'owner',
      userName: this.#options.userName,
      chatKind: 'terminal',
      messageId: id,
      text: button?.command ?? typed,
      callback: button === undefined ? null : { id, data: button.command },
      replyTo: null,
      sentAt: now,
      receivedAt: now,
    };
  }

  #prompt(): void {
    if (this.#isTty && !this.#isStopped) this.#reader?.prompt(true);
  }

  /** Answers the path. The same file again is the same path; another one of its name has one of its own. */
  async #writeFile({ name, content }: OutgoingFile): Promise<string> {
    const { filesDir } = this.#options;
    const mark = createHash('sha256').update(content).digest('hex').slice(0, 8);
    const path = join(filesDir, `${mark}-${name}`);
    try {
      await mkdir(filesDir, { recursive: true, mode: 0o700 });
      await writeFileAtomic(path, Buffer.from(content), { mode: 0o600 });
    } catch (error) {
      throw new ChannelError(`terminal: file ${name} cannot be written`, {
        code: 'file_not_written',
        retryable: true,
        cause: error,
      });
    }
    return path;
  }

  #write(lines: readonly string[]): Promise<void> {
    const { output, gains } = this.#options;
    const painted = lines.map((line, index) => paint(line, index === 0, output, gains ?? 'none'));
    if (this.#isTty) {
      clearLine(output, 0);
      cursorTo(output, 0);
    }
    return new Promise((resolve, reject) => {
      output.write(`${painted.join('\n')}\n`, (error) => {
        if (error == null) {
          this.#prompt();
          return resolve();
        }
        this.#isBroken = true;
        reject(
          new ChannelError('terminal: output is closed', {
            code: 'closed',
            retryable: false,
            cause: error,
          }),
        );
      });
    });
  }
}

function complete(line: string): [string[], string] {
  if (!line.startsWith('/')) return [[], line];
  const names = COMMANDS.map((command) => `/${command.name}${command.usage === '' ? '' : ' '}`);
  return [names.filter((name) => name.startsWith(line)), line];
}
