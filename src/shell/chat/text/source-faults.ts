import type { AnomalyCode } from '#core/quality/anomaly.ts';

/** What befell a source or its answer, where its code says too little. */
type Fault =
  | AnomalyCode
  | 'timeout'
  | 'network'
  | 'http_status'
  | 'refused'
  | 'rate_limited'
  | 'budget_used'
  | 'rights'
  | 'token'
  | 'unreadable'
  | 'shape_changed'
  | 'no_data'
  | 'too_large'
  | 'no_share_list'
  | 'no_answer'
  | 'breaker_open'
  | 'not_configured'
  | 'out_of_time'
  | 'not_offered';

export const FAULTS_EN: Readonly<Record<Fault, string>> = {
  timeout: 'no answer in time',
  network: 'cannot be reached',
  http_status: 'answers with an error',
  refused: 'refuses to answer',
  rate_limited: 'asked too often',
  budget_used: 'asked as often as allowed',
  rights: 'not allowed to this account',
  token: 'token not accepted',
  unreadable: 'answer cannot be read',
  shape_changed: 'answers in another form',
  no_data: 'without data',
  too_large: 'answer too large',
  no_share_list: 'no list of shares',
  no_answer: 'no answer',
  breaker_open: 'left alone after failures',
  not_configured: 'not set up',
  out_of_time: 'no time left',
  not_offered: 'no source has this',
  not_a_number: 'figures that are no numbers',
  not_a_symbol: 'codes that are none',
  not_a_day: 'days that are none',
  wrong_column_count: 'rows cut off',
  non_positive: 'figures below zero',
  high_low_inconsistent: 'prices outside their own range',
  minus_100_percent: 'falls of 100 %',
  suspended_padding: 'suspended days filled up',
  amount_disagrees: 'turnover does not fit volume',
  sources_disagree: 'a second source says otherwise',
  outside_limits: 'prices beyond their limits',
  duplicate: 'rows twice',
  duplicate_conflicting: 'rows twice, not the same',
  not_asked: 'not what was asked',
  not_a_trading_day: 'no trading day',
  outside_calendar: 'beyond the calendar',
  previous_close_disagrees: 'another previous close',
  other_stocks_rows: 'rows of other stocks',
  close_disagrees: 'the next day denies it',
  future_stamp: 'stamps in the future',
  wrong_day: 'shows another day',
  stale: 'shows old quotes',
  not_at_limit: 'not at the limit',
  balance_disagrees: 'balances deny it',
  too_many_disagree: 'too many rows are wrong',
  same_as_before: 'the day before again',
  too_few_rows: 'too few rows',
  empty_pool: 'an empty pool',
  label_before_open: 'made before the open',
  exchange_missing: 'an exchange is missing',
};

export const FAULTS_ZH: Readonly<Record<Fault, string>> = {
  timeout: '未及时回应',
  network: '连接不上',
  http_status: '返回错误',
  refused: '拒绝应答',
  rate_limited: '请求过于频繁',
  budget_used: '请求额度用尽',
  rights: '账号无权限',
  token: '令牌无效',
  unreadable: '无法读取',
  shape_changed: '格式已变',
  no_data: '没有数据',
  too_large: '应答过大',
  no_share_list: '没有股票列表',
  no_answer: '没有回应',
  breaker_open: '多次失败,暂停询问',
  not_configured: '未配置',
  out_of_time: '时间用尽',
  not_offered: '没有来源提供',
  not_a_number: '数字无效',
  not_a_symbol: '代码无效',
  not_a_day: '日期无效',
  wrong_column_count: '行被截断',
  non_positive: '数值为负',
  high_low_inconsistent: '价格超出自身区间',
  minus_100_percent: '跌幅−100%',
  suspended_padding: '停牌日被补零',
  amount_disagrees: '成交额与成交量不符',
  sources_disagree: '与第二来源不符',
  outside_limits: '价格超出涨跌停',
  duplicate: '重复行',
  duplicate_conflicting: '重复且矛盾',
  not_asked: '答非所问',
  not_a_trading_day: '非交易日',
  outside_calendar: '超出日历',
  previous_close_disagrees: '昨收不符',
  other_stocks_rows: '混入其他股票',
  close_disagrees: '次日昨收不符',
  future_stamp: '时间戳在未来',
  wrong_day: '不是当日数据',
  stale: '行情太旧',
  not_at_limit: '未在涨跌停价',
  balance_disagrees: '与余额矛盾',
  too_many_disagree: '错误行太多',
  same_as_before: '与前一日相同',
  too_few_rows: '行数太少',
  empty_pool: '空的涨停池',
  label_before_open: '开盘前生成',
  exchange_missing: '缺一个交易所',
};
