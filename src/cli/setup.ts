import { openSettings, openSetupTools } from '#compose-tools';
import { createQuestions, type Questions } from './ask.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

type Tools = Awaited<ReturnType<typeof openSetupTools>>;
type Settings = Awaited<ReturnType<typeof openSettings>>;

const LEAST_CAPITAL = 100;
const MOST_CAPITAL = 1_000_000_000;

const TEXT = {
  en: {
    market: 'Market (US; A-shares are not in this version)',
    symbols: 'Symbols, separated by commas',
    capital: 'Capital of the simulated account, USD',
    token: 'Telegram bot token from @BotFather (empty: terminal only; - removes it)',
    oneOf: (known: string) => `expected one of ${known}`,
    amount: `expected a number from ${LEAST_CAPITAL} to ${MOST_CAPITAL}`,
    symbolList: 'expected symbols such as QQQM,AAPL,MU',
    shape: 'expected digits, a colon and at least 30 characters, as BotFather shows it',
    refused: 'Telegram refuses this token',
    valid: (name: string) => `Telegram knows it: @${name}`,
    unreachable: (problem: string) =>
      `Telegram was not reached (${problem}); the token is kept unchecked`,
    written: (files: string) => `written: ${files}`,
    pair: 'Pairing: start with Telegram; the console shows a code for ten minutes, send it to the bot as /pair CODE',
    next: (command: string) => `Next: ${command}`,
  },
  zh: {
    market: '市场（US；本版本尚不含 A 股）',
    symbols: '标的，用逗号分隔',
    capital: '模拟账户资金，美元',
    token: '@BotFather 给的 Telegram 机器人令牌（留空：只用终端；- 删除）',
    oneOf: (known: string) => `请输入其中之一：${known}`,
    amount: `请输入 ${LEAST_CAPITAL} 到 ${MOST_CAPITAL} 之间的数`,
    symbolList: '请输入标的，如 QQQM,AAPL,MU',
    shape: '应为数字、冒号和至少 30 个字符，与 BotFather 所示一致',
    refused: 'Telegram 拒绝了这个令牌',
    valid: (name: string) => `Telegram 认得它：@${name}`,
    unreachable: (problem: string) => `连不上 Telegram（${problem}）；令牌未经检验，先保存`,
    written: (files: string) => `已写入：${files}`,
    pair: '配对：带 Telegram 启动后，控制台显示十分钟有效的配对码，向机器人发送 /pair 配对码',
    next: (command: string) => `下一步：${command}`,
  },
} as const;

type Text = (typeof TEXT)['en' | 'zh'];

async function askLanguage(questions: Questions, settings: Settings): Promise<'en' | 'zh'> {
  const answer = await questions.ask(
    'Language / 语言 (en, zh)',
    settings.channels.language,
    (given) => (given === 'en' || given === 'zh' ? null : TEXT.en.oneOf('en, zh')),
  );
  return answer === 'zh' ? 'zh' : 'en';
}

/** The token to keep, `''` to remove it, null to leave what is there. */
async function askToken(
  questions: Questions,
  tools: Tools,
  text: Text,
  hasToken: boolean,
): Promise<string | null> {
  const answer = await questions.ask(text.token, hasToken ? '****' : '', (given) =>
    ['', '-', '****'].includes(given) || tools.hasTokenShape(given) ? null : text.shape,
  );
  if (answer === '' || answer === '****') return null;
  return answer === '-' ? '' : answer;
}

async function checkToken(tools: Tools, text: Text, token: string, output: Output) {
  const answer = await tools.askTelegram(token);
  if (answer.kind === 'valid') output.aside(text.valid(answer.username));
  else if (answer.kind === 'unreachable') output.aside(text.unreachable(answer.problem));
  else throw new Error(`setup: ${text.refused}`);
  return answer.kind;
}

async function askAll(questions: Questions, tools: Tools, settings: Settings) {
  const language = await askLanguage(questions, settings);
  const text = TEXT[language];
  const desk = settings.desks.find((one) => one.strategy === 'vwap-reclaim');
  const market = await questions.ask(text.market, 'US', (given) =>
    given.toUpperCase() === 'US' ? null : text.oneOf('US'),
  );
  const symbols = await questions.ask(text.symbols, desk?.symbols.join(',') ?? '', (given) =>
    tools.symbolsOf(given) === null ? text.symbolList : null,
  );
  const capital = await questions.ask(text.capital, String(desk?.capital ?? ''), (given) => {
    const amount = Number(given);
    return amount >= LEAST_CAPITAL && amount <= MOST_CAPITAL ? null : text.amount;
  });
  const token = await askToken(questions, tools, text, settings.telegramToken !== null);
  return {
    language,
    market: market.toUpperCase(),
    symbols: tools.symbolsOf(symbols) ?? [],
    capital: Math.round(Number(capital) * 100) / 100,
    token,
  };
}

/** Asks what a first start needs and writes it; a second time the answers given are the defaults. */
export async function runSetup(output: Output): Promise<ExitCode> {
  const settings = await openSettings();
  const tools = await openSetupTools(settings);
  const questions = createQuestions();
  try {
    const answers = await askAll(questions, tools, settings);
    const text = TEXT[answers.language];
    const isNewToken = answers.token !== null && answers.token !== '';
    const telegram = isNewToken
      ? await checkToken(tools, text, answers.token ?? '', output)
      : 'unchanged';
    const written = await tools.write(answers);
    const hasTelegram = isNewToken || (answers.token === null && settings.telegramToken !== null);
    const command = hasTelegram ? 'npm start -- --profile paper' : 'npm start';
    output.line(text.written(written.join(', ')));
    if (hasTelegram) output.line(text.pair);
    output.line(text.next(command));
    output.result({
      language: answers.language,
      market: answers.market,
      symbols: answers.symbols,
      capital: answers.capital,
      telegram,
      written,
      next: command,
    });
    return EXIT.ok;
  } finally {
    questions.close();
  }
}
