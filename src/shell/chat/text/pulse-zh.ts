import type { PulseWords } from './pulse-words.ts';

/** Words of the A-share pages in Chinese that no other page has. */
export const PULSE_ZH: Omit<PulseWords, 'row' | 'stage' | 'stance' | 'permission'> = {
  colon: ':',
  comma: '、',
  unknown: '未知',
  yes: '是',
  no: '否',
  none: '无',
  yi: (amount) => `${amount}亿`,
  shares: (count) => `${count}股`,
  days: (count) => `${count}天`,
  times: (count) => `${count}次`,
  degraded: ' *',
  flag: {
    bought_today: '今日买入,不可卖',
    suspended: '停牌',
    sealed_up: '涨停封板',
    sealed_down: '跌停封板,卖不出',
    limit_up: '涨停',
    limit_down: '跌停',
    limits_unknown: '涨跌停价未知',
  },
  note: {
    no_data: '没有数据',
    stale: '数据太旧',
    from_future: '时间戳在未来',
    wrong_day: '不是当日数据',
    rows_missing: '缺少股票',
    history_short: '历史不足',
    history_old: '历史不是到前一交易日',
    exchange_missing: '缺一个交易所',
    balance_disagrees: '偿还额与余额矛盾',
    other_time: '只有其他时刻的历史',
    universe: '样本',
    source_degraded: '数据源降级',
    day_totals: '用全日累计推算',
    coarse_bars: 'K线太粗',
  },
  verdict: {
    signals: '盯买点',
    no_trade: '不开仓',
    data_not_ready: '数据未就绪,不开仓',
    blocked: '被禁止,不开仓',
  },
  gate: {
    title: (checkpoint, day, passed, failed) =>
      passed
        ? `✓ ${checkpoint} 闸门通过 · ${day}`
        : `✕ ${checkpoint} 闸门未通过(${failed}项)· ${day}`,
    noRecord: '还没有决策点记录:10:00 和 14:00 各一次',
    notAsked: (checkpoint) => `${checkpoint} 没有决策点记录`,
    lastPassed: (checkpoint, daysAgo, judged) =>
      judged === 0
        ? `${checkpoint}:还没有判定过`
        : daysAgo === null
          ? `${checkpoint}:记录的 ${judged} 天内从未通过`
          : daysAgo === 0
            ? `${checkpoint}:最近一次即通过`
            : `${checkpoint}:上次通过在 ${daysAgo} 个交易日前`,
    held: '成立',
    kill: '熔断',
    killNow: (time, level) => `熔断 ${time}:${level}`,
    level: { none: '未触及', l1: '一级', l2: '二级' },
    left: (room) => `还差 ${room}`,
    reached: (over) => `已越 ${over}`,
    ignored: '本阈值组忽略',
    margin: (amount, share, day) => `两融净偿还 ${amount}(余额的 ${share})· ${day} · 仅供参考`,
    stance: '状态',
    ratio: '仓位',
    month: (drawdown, isNew) => `本月净值 ${drawdown}${isNew ? '(新月份重新起算)' : ''}`,
    restart: (passed, needed) => `休眠后连续通过 ${passed}/${needed} 天`,
    data: '数据',
    daily: '日线至',
    set: '阈值组',
    universe: '样本',
    ofUniverse: (text) =>
      text
        .replace(/^(\d+) simulated stocks in (\d+) sectors$/, '$1只模拟股票,$2个板块')
        .replace(/^(\d+) recorded stocks/, '$1只有历史行情的股票')
        .replace(/^(\d+) listed A-shares$/, '$1只上市A股'),
  },
  sectors: {
    title: (checkpoint, day, ranked) => `◈ 板块 ${ranked} 个参与排名 · ${checkpoint} ${day}`,
    noRecord: '还没有板块排名:决策点之后才有',
    notRanked: (count) => `另有 ${count} 个未排名:成员太少或缺数据`,
    members: (count) => `${count}只`,
    parts: ['相对强度', '宽度', '领涨', '资金'],
    taken: '入围名次的股票',
    shadow: '(影子:本次不开仓)',
    rank: (sector, sectorRank, rank) => `${sector}(第${sectorRank}强)板内第${rank}`,
    strength: '强度',
    held: '持仓所在板块',
  },
  why: {
    behind: (checkpoint, day) => `决策点 ${checkpoint} ${day}`,
    funnel: '漏斗',
    rejected: '被拒',
    candidate: (symbol) => `候选 ${symbol}`,
    missing: '缺',
  },
  held: {
    sellable: (count) => `可卖 ${count}股`,
    heldDays: (days) => (days === null ? '持有天数未知' : `T+${days}`),
    cost: '成本',
    now: '现价',
    stop: '止损',
    targets: '目标',
    half: '一半数量',
    all: '全部',
  },
  day: {
    sheet: (day, held) => `☰ 今日单 ${day} · 持仓 ${held} 只`,
    nothingHeld: '没有持仓',
    plan: {
      auction_sell: (quantity, why) => `集合竞价卖出 ${quantity}股(未完成的${why})`,
      last_day_exit: (time, again) =>
        `到期:${time} 卖出${again === null ? '' : `,未成 ${again} 再卖`}`,
      review: '已满T+3:请复核',
      stop_held: '除权待确认,止损暂停',
    },
    exit: {
      kill_switch: '熔断清仓',
      stop: '止损',
      last_day: '到期',
      second_target: '第二目标',
      first_target: '第一目标',
      giveback: '利润回撤',
      sector_out: '板块掉出前列',
    },
    distances: '按昨日数据的距离',
    allow: '未允许前不开仓:发送 允许开仓',
    mayTrade: (checkpoint) => `${checkpoint} 可出信号 · 正在盯买点`,
    soFar: (tickets, confirmed, trades) =>
      `今日至此:提案 ${tickets},已确认 ${confirmed},已了结 ${trades} 笔`,
    noTrade: (checkpoint, isGateFailed) =>
      `${checkpoint} 不开仓${isGateFailed ? ' · 闸门未通过' : ''}`,
    final: '终稿',
    result: '当日净值',
    month: '本月',
    gates: '闸门',
    path: '状态',
    equity: '总资产',
    holding: '持仓',
    preliminary: '初稿:盘后交易至 15:30,15:40 对账后更新本条',
  },
  card: {
    buy: '买入',
    advice: '仅供参考',
    lifeOver: '已到期',
    first: (share, before, after) => `首仓${share}(总仓 ${before}→${after})`,
    notToday: '今日不可卖',
    gap: (ratio) => `隔夜跳空95%分位 ${ratio}`,
    halved: '止损在波动内,已减半',
    strength: '强度',
    volumeRatio: '量比',
    toVwap: '距VWAP',
    byHand: (code) => `手工账户:确认后请在券商下单,再回复 成交 ${code} 价格 股数`,
    costs: '费用约',
  },
};
