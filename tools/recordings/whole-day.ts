import { rmSync } from 'node:fs';
import { FakeTelegram, TOKEN } from '../../test/support/fake-telegram.ts';
import { BOT_ID, BOT_SECRET, FakeWecom } from '../../test/support/fake-wecom.ts';
import { projectWith, startDesk, until } from '../../test/support/live-process.ts';
import { makeDataFolder } from '../../test/support/store-backends.ts';

type Language = 'zh' | 'en';
type Service = {
  readonly env: Readonly<Record<string, string>>;
  /** True once what is said arrives. */
  isHeard(): boolean;
  say(text: string): void;
  shown(): string[];
  close(): Promise<void>;
};

/**
 * A simulated day of the US desk as a person finds it in the chat once it is over: a running desk, a stand-in of the
 * vendor, tickets confirmed by a rule.
 */
async function wholeDay(channel: string, language: Language, service: Service) {
  const dataDir = makeDataFolder();
  const project = projectWith({});
  const env = { ...service.env, CENTAUR_DATA_DIR: dataDir, CENTAUR_LANGUAGE: language };
  const args = ['--desk', 'us-vwap', '--operator', 'confirm', '--exit', '--channels', channel];
  const desk = startDesk(project.root, env, args);
  try {
    const code = /\/pair \w+/;
    const isReady = () => code.test(desk.stderr()) && service.isHeard();
    await until('a pairing code', isReady, desk.stderr);
    service.say(code.exec(desk.stderr())?.[0] ?? '');
    await desk.ended;
    return service.shown();
  } finally {
    desk.child.kill('SIGKILL');
    await service.close();
    project.remove();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const indented = (text: string): string[] =>
  text.split('\n').map((line, index) => (index === 0 ? line : `  ${line}`));

/** On Telegram: each message as it stands at the end, with its buttons and how often it was edited. */
export async function dayOnTelegram(language: Language): Promise<readonly string[]> {
  const server = new FakeTelegram();
  const env = { TELEGRAM_API_ROOT: await server.listen(), TELEGRAM_BOT_TOKEN: TOKEN };
  return await wholeDay('telegram', language, {
    env,
    isHeard: () => true,
    say: (text) => void server.say(text),
    close: () => server.close(),
    shown: () =>
      server.messages.flatMap(({ text, keyboard, edits, file }) => [
        ...indented(plain(text)),
        ...(file === null ? [] : [`  (${file.kind} ${file.name})`]),
        ...keyboard.map((row) => `  ${row.map((button) => `[${button.text}]`).join(' ')}`),
        ...(edits === 0 ? [] : [`  (edited ${edits} times)`]),
      ]),
  });
}

/** On WeCom: everything as it came, since nothing can be edited but a card that was tapped. */
export async function dayOnWecom(language: Language): Promise<readonly string[]> {
  const server = new FakeWecom();
  const env = {
    WECOM_WS_URL: await server.listen(),
    WECOM_BOT_ID: BOT_ID,
    WECOM_BOT_SECRET: BOT_SECRET,
  };
  return await wholeDay('wecom', language, {
    env,
    isHeard: () => server.isOnline(),
    say: (text) => server.say(text),
    close: () => server.close(),
    shown: () =>
      server.sent.flatMap((entry) => {
        if (entry.kind === 'markdown') return indented(entry.content);
        if (entry.kind !== 'card') return [`  (${entry.kind} ${entry.name})`];
        return [`  card ${entry.card.button_list.map(({ text }) => `[${text}]`).join(' ')}`];
      }),
  });
}

function plain(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
