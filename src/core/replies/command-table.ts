/** Canonical name of a slash command. */
export type CommandName =
  | 'help'
  | 'start'
  | 'status'
  | 'pending'
  | 'ticket'
  | 'confirm'
  | 'skip'
  | 'edit'
  | 'snooze'
  | 'why'
  | 'half'
  | 'allow'
  | 'stop'
  | 'kill'
  | 'flatten'
  | 'drill'
  | 'resume'
  | 'safe'
  | 'locks'
  | 'unlock'
  | 'ack'
  | 'exit'
  | 'cancel'
  | 'switch'
  | 'adopt'
  | 'stoploss'
  | 'breakeven'
  | 'reconcile'
  | 'positions'
  | 'orders'
  | 'trades'
  | 'pnl'
  | 'balance'
  | 'plan'
  | 'strategy'
  | 'quote'
  | 'watch'
  | 'regime'
  | 'gates'
  | 'sectors'
  | 'report'
  | 'score'
  | 'chart'
  | 'calendar'
  | 'backtest'
  | 'jobs'
  | 'health'
  | 'logs'
  | 'ping'
  | 'lang'
  | 'mode'
  | 'accounts'
  | 'use'
  | 'account'
  | 'fill'
  | 'todo'
  | 'protected'
  | 'pair'
  | 'whoami'
  | 'settings'
  | 'notify'
  | 'quiet'
  | 'mute'
  | 'users'
  | 'role'
  | 'revoke'
  | 'menu'
  | 'version'
  | 'sources'
  | 'degraded'
  | 'budget'
  | 'audit'
  | 'tz'
  | 'rbook'
  | 'export'
  | 'job'
  | 'config'
  | 'reload'
  | 'backup'
  | 'selftest';

/** Role a command needs at least, in rising order. */
export type CommandRole = 'viewer' | 'operator' | 'owner';

/**
 * One row per command: other spellings behind a slash, words that mean it as the whole message,
 * the role it needs and its arguments in the notation of the help text.
 */
export type CommandRow = {
  readonly name: CommandName;
  readonly aliases: readonly string[];
  readonly words: readonly string[];
  readonly role: CommandRole;
  readonly usage: string;
};

function row(
  name: CommandName,
  role: CommandRole,
  usage: string,
  aliases: readonly string[],
  words: readonly string[],
): CommandRow {
  return { name, role, usage, aliases, words };
}

/** All commands in the order of the help text. Source: the chat contract, "Commands". */
export const COMMANDS: readonly CommandRow[] = [
  row('confirm', 'operator', '<code> [quantity] [@price]', ['y', '确认'], ['confirm', '确认']),
  row('half', 'operator', '<code>', ['数量减半'], ['half', '数量减半']),
  row('skip', 'operator', '<code> [reason]', ['n', '跳过'], ['skip', '跳过']),
  row('edit', 'operator', '<code> [qty=…] [price=…] [stop=…] [tp=…]', ['改单', '修改'], []),
  row('snooze', 'operator', '<code> <1-5m>', ['稍后', '稍后提醒'], []),
  row('why', 'viewer', '[code|symbol|now]', ['为什么'], ['why', '为什么']),
  row('pending', 'viewer', '', ['待确认'], ['pending', '待确认']),
  row('ticket', 'viewer', '<code>', ['提案', '交易提案'], ['ticket', '提案']),
  row(
    'allow',
    'operator',
    '[desk] [until HH:MM|today]',
    ['允许开仓', '允许'],
    ['allow', '允许开仓'],
  ),
  row('stop', 'operator', '[desk|all] [reason]', ['停止开仓'], ['stop', '停止开仓']),
  row('kill', 'operator', '[desk|all]', ['急停'], ['kill', '急停']),
  row('flatten', 'operator', '[desk|all]', ['全部清仓'], ['全部清仓']),
  row('drill', 'operator', '[desk]', ['演练', '急停演练'], ['演练']),
  row('resume', 'owner', '[desk|all] <reason>', ['恢复'], []),
  row('safe', 'operator', 'on|off', ['安全模式'], []),
  row('locks', 'viewer', '', ['锁定'], ['locks', '锁定']),
  row('unlock', 'owner', '<lock>', ['解锁'], []),
  row('ack', 'operator', '[id]', ['seen', '收到'], ['seen', '收到']),
  row('exit', 'operator', '[symbol|code] [percent]', ['卖出', '清仓'], ['卖出']),
  row('cancel', 'operator', '<order|symbol|code|all>', ['撤单'], []),
  row('switch', 'operator', '<from> <to> [percent] | keep|sell [code]', ['换股'], []),
  row('fill', 'operator', '<code> <price> <quantity> [HH:MM] | <code> none|done', ['报成交'], []),
  row('protected', 'operator', '<symbol|code>', ['已设'], []),
  row('todo', 'viewer', '', ['待办委托'], ['todo', '待办委托']),
  row('stoploss', 'operator', '<symbol|code> <price> | all <percent>% [--dry]', ['止损'], []),
  row('breakeven', 'operator', '<symbol|code>', ['保本'], []),
  row('adopt', 'operator', '<symbol> [stop=price]', ['接管'], []),
  row(
    'reconcile',
    'operator',
    '[account] [accept|disown <symbol|order|cash> | <symbol> <quantity> … cash <amount>]',
    ['对账'],
    ['reconcile', '对账'],
  ),
  row('status', 'viewer', '', ['s', '状态'], ['status', '状态']),
  row('positions', 'viewer', '', ['p', '持仓'], ['positions', '持仓']),
  row('orders', 'viewer', '[open|today|id]', ['o', '委托'], ['orders', '委托']),
  row('trades', 'viewer', '[count] [symbol]', ['成交'], ['trades', '成交']),
  row('pnl', 'viewer', '[count] d|w|m', ['盈亏'], ['pnl', '盈亏']),
  row('plan', 'viewer', '[desk]', ['计划'], ['plan', '计划']),
  row('strategy', 'viewer', 'list | show|enable|disable [desk]', ['策略'], ['strategy', '策略']),
  row('balance', 'viewer', '[account]', ['资金', '余额'], ['balance', '资金', '余额']),
  row('quote', 'viewer', '[symbol]', ['报价', '行情'], ['quote', '报价']),
  row('watch', 'viewer', 'add|del <symbol> | list', ['自选'], ['watch', '自选']),
  row('regime', 'viewer', '[symbol]', ['日型'], ['regime', '日型']),
  row('gates', 'viewer', '[desk] [HH:MM|now]', ['闸门'], ['gates', '闸门']),
  row('sectors', 'viewer', '[desk]', ['板块'], ['sectors', '板块']),
  row('calendar', 'viewer', '[days] [cn|us] [ics]', ['日历'], ['calendar', '日历']),
  row('chart', 'viewer', '[code|symbol|gates]', ['图'], ['chart', '图']),
  row(
    'report',
    'viewer',
    '[today|yesterday|YYYY-MM-DD] [week|month] [md|csv|json|html]',
    ['日报'],
    ['report', '日报'],
  ),
  row('score', 'viewer', '[days]', ['评分'], ['score', '评分']),
  row('rbook', 'viewer', '[count]', ['交易簿'], ['rbook', '交易簿']),
  row('export', 'viewer', 'trades|proposals|days|audit [days] [csv|json]', ['导出'], []),
  row('backtest', 'operator', '<strategy> [from] [to]', ['回测'], []),
  row('mode', 'operator', '[desk] alert|semi|auto', ['模式'], ['模式']),
  row('accounts', 'viewer', '', ['账户'], ['accounts', '账户']),
  row('use', 'viewer', '<account>|all', ['使用', '切换账户'], []),
  row('account', 'owner', '<account> paper|live', ['账户切换'], []),
  row('jobs', 'viewer', '', ['任务'], ['jobs', '任务']),
  row('health', 'viewer', '', ['健康'], ['health', '健康']),
  row('job', 'operator', 'run <name>', ['运行任务'], []),
  row('sources', 'viewer', '', ['数据源'], ['sources', '数据源']),
  row('degraded', 'viewer', '', ['降级'], ['degraded', '降级']),
  row('budget', 'viewer', '', ['预算', '模型用量'], ['budget', '预算']),
  row('logs', 'viewer', '[count] [debug|info|warn|error]', ['日志'], ['logs', '日志']),
  row('audit', 'operator', '[count] [before <number>]', ['审计'], ['audit', '审计']),
  row('selftest', 'operator', '', ['自检'], []),
  row('backup', 'operator', '', ['备份'], []),
  row('config', 'owner', '[get <key> | set <key> <value>]', ['配置'], []),
  row('reload', 'owner', '', ['重读配置'], []),
  row('version', 'viewer', '', ['版本'], ['version', '版本']),
  row('ping', 'viewer', '', [], ['ping']),
  row('lang', 'viewer', 'zh|en', ['语言'], []),
  row('tz', 'viewer', '<IANA zone>|off', ['时区'], []),
  row('settings', 'viewer', '', ['设置'], ['settings', '设置']),
  row('notify', 'viewer', '<kind> on|silent|digest|off', ['提醒'], []),
  row('quiet', 'viewer', 'HH:MM-HH:MM|off', ['免打扰'], []),
  row('mute', 'viewer', '<kind> <minutes>', ['暂停提醒'], []),
  row('users', 'owner', '', ['用户'], ['users', '用户']),
  row('role', 'owner', '<user> viewer|operator|owner', ['角色'], []),
  row('revoke', 'owner', '<user>', ['移除'], []),
  row('pair', 'viewer', '<pairing code>', ['配对'], []),
  row('whoami', 'viewer', '', ['我是谁'], ['whoami', '我是谁']),
  row('start', 'viewer', '', ['开始'], ['开始']),
  row('menu', 'viewer', '', ['菜单'], ['menu', '菜单']),
  row('help', 'viewer', '[command]', ['h', '帮助'], ['help', '帮助', '?']),
];

const BY_SLASH: ReadonlyMap<string, CommandRow> = new Map(
  COMMANDS.flatMap((command) =>
    [command.name, ...command.aliases].map((spelling) => [spelling, command] as const),
  ),
);

const BY_WORD: ReadonlyMap<string, CommandRow> = new Map(
  COMMANDS.flatMap((command) => command.words.map((word) => [word, command] as const)),
);

/** The command behind a slash spelling (lower case, without the slash), or null. */
export function commandOf(spelling: string): CommandRow | null {
  return BY_SLASH.get(spelling) ?? null;
}

/** The command a whole-message word means (lower case), or null. */
export function commandOfWord(word: string): CommandRow | null {
  return BY_WORD.get(word) ?? null;
}

/**
 * The spelling nearest to an unknown command by edit distance, or null when more than half of it
 * would have to change. Nothing is ever executed from it.
 */
export function nearestCommand(found: string): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const spelling of BY_SLASH.keys()) {
    if (spelling.length < 2) continue;
    const distance = editDistance(found, spelling);
    if (distance < bestDistance) {
      best = spelling;
      bestDistance = distance;
    }
  }
  return best !== null && bestDistance <= Math.max(1, Math.floor(best.length / 2)) ? best : null;
}

/** Levenshtein distance of two short strings, in characters changed, added or left out. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + change));
    }
    previous = current;
  }
  return previous[b.length]!;
}
