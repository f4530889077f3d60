export const LEAST_CAPITAL = 100;
export const MOST_CAPITAL = 1_000_000_000;

/** What `setup` says, in both languages. */
export const SETUP_TEXT = {
  en: {
    market: 'Market of the desk (US, CN for A-shares)',
    account: (known: string) => `Account of the desk (${known})`,
    symbols: 'Symbols, separated by commas',
    capital: 'Capital of the desk, USD; also the cash of a simulated account',
    capitalCn: 'Capital of the desk, yuan; also the cash of a simulated account',
    historyCn:
      'A-shares: bring the history in once with centaur data sync; without it the gate never passes',
    key: (name: string) => `${name} as the broker shows it`,
    keyShape: 'expected it without white space',
    keysValid: (account: string) => `the broker knows the keys of ${account}`,
    keysRefused: (account: string) => `the broker refuses the keys of ${account}`,
    keysUnchecked: (account: string, problem: string) =>
      `the broker was not reached (${problem}); the keys of ${account} are kept unchecked`,
    gateway: (file: string) =>
      `TWS or IB Gateway: put its host, port and account number into ${file}`,
    codes: 'One-time codes from an app for live accounts (y, n)',
    codesAgain: 'A device is enrolled. Enrol another one in its place (y, n)',
    codesOnTerminal: 'one-time codes are enrolled on a terminal only; run centaur setup there',
    yesNo: 'expected y or n',
    scan: 'Scan this with an authenticator app, or type the address. It is shown once and never again:',
    code: 'The 6 digits it shows now',
    codeWrong: 'expected the 6 digits the app shows now',
    codeSkew: (seconds: number) =>
      `that code is of another time: a clock is off by about ${seconds} s; set the clocks and try again`,
    enrolled: 'enrolled: raising risk on a live account takes a code from now on',
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
    market: '交易台的市场（US，CN 为 A 股）',
    account: (known: string) => `交易台的账户（${known}）`,
    symbols: '标的，用逗号分隔',
    capital: '交易台资金，美元；也是模拟账户的现金',
    capitalCn: '交易台资金，人民币元；也是模拟账户的现金',
    historyCn: 'A 股：请先运行一次 centaur data sync 取历史数据；没有历史，闸门不会通过',
    key: (name: string) => `${name}，按券商显示的原样`,
    keyShape: '不应含空白',
    keysValid: (account: string) => `券商认得 ${account} 的密钥`,
    keysRefused: (account: string) => `券商拒绝了 ${account} 的密钥`,
    keysUnchecked: (account: string, problem: string) =>
      `连不上券商（${problem}）；${account} 的密钥未经检验，先保存`,
    gateway: (file: string) => `TWS 或 IB Gateway：请把主机、端口和账号写进 ${file}`,
    codes: '实盘账户使用验证器的一次性验证码（y, n）',
    codesAgain: '已绑定设备。换绑另一台（y, n）',
    codesOnTerminal: '一次性验证码只能在终端上绑定；请在终端运行 centaur setup',
    yesNo: '请输入 y 或 n',
    scan: '用验证器扫描，或手工输入地址。只显示这一次：',
    code: '验证器现在显示的 6 位数字',
    codeWrong: '应为验证器现在显示的 6 位数字',
    codeSkew: (seconds: number) =>
      `这个验证码属于别的时刻：时钟大约差 ${seconds} 秒；请校准时钟再试`,
    enrolled: '已绑定：今后在实盘账户上增加风险需要验证码',
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

export type SetupText = (typeof SETUP_TEXT)['en' | 'zh'];
