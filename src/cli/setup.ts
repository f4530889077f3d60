import process from 'node:process';
import { openSettings, openSetupTools } from '#compose-tools';
import { createQuestions, type Questions } from './ask.ts';
import { enrolCodes } from './enrol-codes.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { askAccount, askKeys } from './setup-account.ts';
import { askChannels, askSecret } from './setup-channels.ts';
import {
  LEAST_CAPITAL,
  MOST_CAPITAL,
  SETUP_TEXT as TEXT,
  type SetupText as Text,
} from './setup-text.ts';

type Tools = Awaited<ReturnType<typeof openSetupTools>>;
type Settings = Awaited<ReturnType<typeof openSettings>>;

async function askLanguage(questions: Questions, settings: Settings): Promise<'en' | 'zh'> {
  const answer = await questions.ask(
    'Language / 语言 (en, zh)',
    settings.channels.language,
    (given) => (given === 'en' || given === 'zh' ? null : TEXT.en.oneOf('en, zh')),
  );
  return answer === 'zh' ? 'zh' : 'en';
}

async function checkToken(tools: Tools, text: Text, token: string, output: Output) {
  const answer = await tools.askTelegram(token);
  if (answer.kind === 'valid') output.aside(text.valid(answer.username));
  else if (answer.kind === 'unreachable') output.aside(text.unreachable(answer.problem));
  else throw new Error(`setup: ${text.refused}`);
  return answer.kind;
}

async function askAll(questions: Questions, tools: Tools, settings: Settings, output: Output) {
  const language = await askLanguage(questions, settings);
  const text = TEXT[language];
  const usual = settings.desks[0]?.market ?? 'US';
  const known = tools.markets.join(', ');
  const answer = await questions.ask(text.market, usual, (given) =>
    tools.markets.some((one) => one === given.toUpperCase()) ? null : text.oneOf(known),
  );
  const market = answer.toUpperCase();
  const desk = tools.deskOf(market);
  const symbols =
    desk.symbols === null
      ? null
      : await questions.ask(text.symbols, desk.symbols.join(','), (given) =>
          tools.symbolsOf(given) === null ? text.symbolList : null,
        );
  const money = market === 'CN' ? text.capitalCn : text.capital;
  const capital = await questions.ask(money, String(desk.capital ?? ''), (given) => {
    const amount = Number(given);
    return amount >= LEAST_CAPITAL && amount <= MOST_CAPITAL ? null : text.amount;
  });
  const hasToken = settings.telegramToken !== null;
  const { hasTokenShape } = tools;
  const token = await askSecret(questions, text.token, hasToken, hasTokenShape, text.shape);
  const account = await askAccount(questions, tools.accountsOf(market), text, desk.account);
  const isSet = (name: string) => settings.keysSet.includes(name);
  const keys =
    account === undefined ? {} : await askKeys(questions, tools, text, account, isSet, output);
  return {
    language,
    market,
    account: account?.id ?? '',
    symbols: symbols === null ? [] : (tools.symbolsOf(symbols) ?? []),
    capital: Math.round(Number(capital) * 100) / 100,
    keys,
    token,
    channels: await askChannels(questions, tools, text, settings, output),
  };
}

/** On a terminal only: what it shows must not end up in a file. */
async function askCodes(
  questions: Questions,
  tools: Tools,
  text: Text,
  hasSecret: boolean,
  output: Output,
): Promise<Record<string, string>> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    output.progress(text.codesOnTerminal);
    return {};
  }
  const secret = await enrolCodes(questions, tools, text, {
    hasSecret,
    show: (lines) => void process.stderr.write(lines),
    now: () => Date.now(),
  });
  if (secret === null) return {};
  output.aside(text.enrolled);
  return { CENTAUR_TOTP_SECRET: secret };
}

/** Asks what a first start needs and writes it; a second time the answers given are the defaults. */
export async function runSetup(output: Output): Promise<ExitCode> {
  const settings = await openSettings();
  const tools = await openSetupTools(settings);
  const questions = createQuestions();
  try {
    const { token, keys, channels, ...answers } = await askAll(questions, tools, settings, output);
    const text = TEXT[answers.language];
    const isNewToken = token !== null && token !== '';
    const telegram = isNewToken ? await checkToken(tools, text, token, output) : 'unchanged';
    const hasSecret = settings.totpSecret !== null;
    const secrets = {
      ...keys,
      ...channels.secrets,
      ...(token === null ? {} : { TELEGRAM_BOT_TOKEN: token }),
      ...(await askCodes(questions, tools, text, hasSecret, output)),
    };
    const written = tools.write({ ...answers, secrets, mail: channels.mail });
    const hasTelegram = isNewToken || (token === null && settings.telegramToken !== null);
    const profile = answers.market === 'CN' ? 'cn' : hasTelegram ? 'paper' : null;
    const command = profile === null ? 'npm start' : `npm start -- --profile ${profile}`;
    if (answers.market === 'CN') output.aside(text.historyCn);
    output.line(text.written(written.join(', ')));
    if (hasTelegram) output.line(text.pair);
    output.line(text.next(command));
    output.result({ ...answers, telegram, written, next: command });
    return EXIT.ok;
  } finally {
    questions.close();
  }
}
