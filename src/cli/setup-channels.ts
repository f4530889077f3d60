import type { openSettings, openSetupTools } from '#compose-tools';
import type { Questions } from './ask.ts';
import type { Output } from './output.ts';
import type { SetupText as Text } from './setup-text.ts';

type Tools = Awaited<ReturnType<typeof openSetupTools>>;
type Settings = Awaited<ReturnType<typeof openSettings>>;
type Secrets = Readonly<Record<string, string>>;

/** What was said of the channels beside Telegram; `mail` null: it stays as it is. */
export type ChannelAnswers = {
  readonly secrets: Secrets;
  readonly mail: Settings['channels']['mail'] | null;
};

const KEPT = '****';
const SECURITY: Readonly<Record<string, string>> = { '465': 'tls', '587': 'starttls' };

/** The secret to keep, `''` to remove it, null to leave what is there. What is there is never shown. */
export async function askSecret(
  questions: Questions,
  question: string,
  isSet: boolean,
  isShaped: (given: string) => boolean,
  shape: string,
): Promise<string | null> {
  const answer = await questions.ask(question, isSet ? KEPT : '', (given) =>
    ['', '-', KEPT].includes(given) || isShaped(given) ? null : shape,
  );
  if (answer === '' || answer === KEPT) return null;
  return answer === '-' ? '' : answer;
}

const isWord = (given: string): boolean => /^\S+$/.test(given);

/** Asks for WeCom's bot, a group's robot and a mail server; each is tried at once. */
export async function askChannels(
  questions: Questions,
  tools: Tools,
  text: Text,
  settings: Settings,
  output: Output,
): Promise<ChannelAnswers> {
  const bot = await askBot(questions, tools, text, settings, output);
  const robot = await askRobot(questions, tools, text, settings, output);
  const mail = await askMail(questions, tools, text, settings, output);
  const secrets = { ...bot, ...robot, ...mail.secrets };
  const added = [
    ...((bot['WECOM_BOT_ID'] ?? '') === '' ? [] : ['wecom']),
    ...((robot['WECOM_WEBHOOK_URL'] ?? '') === '' ? [] : ['wecom-webhook']),
    ...((mail.mail?.host ?? null) === null ? [] : ['mail']),
  ];
  if (added.length === 0) return { secrets, mail: mail.mail };
  const channels = [...new Set([...settings.activeChannels, ...added])].join(',');
  return { secrets: { ...secrets, CENTAUR_CHANNELS: channels }, mail: mail.mail };
}

/** A channel that says no ends the setup; one that cannot be reached is kept unchecked. */
function tell(text: Text, output: Output, channel: string, trouble: Trouble | null): void {
  if (trouble === null) return output.aside(text.channelWorks(channel));
  if (trouble.isRefused) throw new Error(`setup: ${text.channelRefuses(channel, trouble.words)}`);
  output.aside(text.channelUnchecked(channel, trouble.words));
}

type Trouble = { readonly isRefused: boolean; readonly words: string };

async function askBot(
  questions: Questions,
  tools: Tools,
  text: Text,
  settings: Settings,
  output: Output,
): Promise<Secrets> {
  const isSet = settings.wecom !== null;
  const botId = await askSecret(questions, text.wecomBot, isSet, isWord, text.keyShape);
  if (botId === null) return {};
  if (botId === '') return { WECOM_BOT_ID: '', WECOM_BOT_SECRET: '' };
  const secret = await questions.ask(text.wecomSecret, '', (given) =>
    isWord(given) ? null : text.keyShape,
  );
  tell(text, output, 'WeCom', await tools.tryWecom(botId, secret));
  return { WECOM_BOT_ID: botId, WECOM_BOT_SECRET: secret };
}

async function askRobot(
  questions: Questions,
  tools: Tools,
  text: Text,
  settings: Settings,
  output: Output,
): Promise<Secrets> {
  const isAddress = (given: string): boolean => /^https?:\/\/\S+[?&]key=[\w-]+/.test(given);
  const isSet = settings.wecomWebhookUrl !== null;
  const url = await askSecret(questions, text.robot, isSet, isAddress, text.robotShape);
  if (url === null) return {};
  if (url !== '') tell(text, output, 'WeCom webhook', await tools.tryRobot(url, text.testWords));
  return { WECOM_WEBHOOK_URL: url };
}

async function askMail(
  questions: Questions,
  tools: Tools,
  text: Text,
  settings: Settings,
  output: Output,
): Promise<ChannelAnswers> {
  const before = settings.channels.mail;
  const isHost = (given: string): boolean => /^[A-Za-z0-9.:-]*$/.test(given);
  const host = await questions.ask(text.mailHost, before.host ?? '', (given) =>
    isHost(given) ? null : text.mailHostShape,
  );
  if (host === '') return { secrets: {}, mail: null };
  if (host === '-')
    return { secrets: { SMTP_USER: '', SMTP_PASSWORD: '' }, mail: { ...before, host: null } };
  const port = await questions.ask(text.mailPort, String(before.port), (given) =>
    Number(given) >= 1 && Number(given) <= 65_535 ? null : text.mailPortShape,
  );
  const known = ['tls', 'starttls', 'none'] as const;
  const usual = before.host === host ? before.security : (SECURITY[port] ?? 'none');
  const security = await questions.ask(text.mailSecurity, usual, (given) =>
    known.some((one) => one === given) ? null : text.oneOf(known.join(', ')),
  );
  const isAddress = (given: string): boolean => /^[^\s@<>]+@[^\s@<>]+$/.test(given);
  const from = await questions.ask(text.mailFrom, before.from ?? '', (given) =>
    isAddress(given) ? null : text.mailAddress,
  );
  const to = await questions.ask(text.mailTo, before.to.join(','), (given) =>
    given !== '' && given.split(',').every((one) => isAddress(one.trim()))
      ? null
      : text.mailAddress,
  );
  const mail = {
    host,
    port: Number(port),
    security: security as (typeof known)[number],
    from,
    to: to.split(',').map((one) => one.trim()),
  };
  const login = await askLogin(questions, text, settings);
  const used = login.secrets === null ? settings.smtp : login.used;
  tell(text, output, 'mail', await tools.tryMail(mail, used, text.testWords));
  return { secrets: login.secrets ?? {}, mail };
}

async function askLogin(questions: Questions, text: Text, settings: Settings) {
  const isSet = settings.smtp !== null;
  const user = await askSecret(questions, text.mailUser, isSet, isWord, text.keyShape);
  if (user === null) return { secrets: null, used: null };
  if (user === '') return { secrets: { SMTP_USER: '', SMTP_PASSWORD: '' }, used: null };
  const password = await questions.ask(text.mailPassword, '', (given) =>
    given === '' ? text.keyShape : null,
  );
  const secrets: Secrets = { SMTP_USER: user, SMTP_PASSWORD: password };
  return { secrets, used: { user, password } };
}
