import type { Language } from '#shell/chat/format.ts';

/** Headings of report files. Columns are as many in every language. */
export type ReportWords = {
  readonly curves: string;
  readonly days: string;
  readonly dayColumns: readonly string[];
  readonly sumColumns: readonly string[];
  readonly trades: string;
  readonly tradeColumns: readonly string[];
  readonly proposals: string;
  readonly proposalColumns: readonly string[];
  /** Stands behind a result that was not traded. */
  readonly shadow: string;
};

const EN: ReportWords = {
  curves: 'Equity and R',
  days: 'Days',
  dayColumns: ['day', 'verdict', 'result', 'R', 'fees', 'equity', 'gates', 'reasons'],
  sumColumns: ['day type', 'trades', 'won', 'sum', 'mean'],
  trades: 'Trades',
  tradeColumns: [
    'day',
    'code',
    'symbol',
    'quantity',
    'entry',
    'exit',
    'left by',
    'day type',
    'R',
    'result',
    'entry slippage',
    'exit slippage',
  ],
  proposals: 'Proposals',
  proposalColumns: ['day', 'time', 'code', 'symbol', 'day type', 'answer', 'R'],
  shadow: '(not traded)',
};

const ZH: ReportWords = {
  curves: '净值与R',
  days: '逐日',
  dayColumns: ['日期', '结论', '盈亏', 'R', '费用', '净值', '闸门', '原因'],
  sumColumns: ['日型', '笔数', '盈利', '合计', '平均'],
  trades: '交易',
  tradeColumns: [
    '日期',
    '提案码',
    '代码',
    '数量',
    '入场',
    '出场',
    '离场原因',
    '日型',
    'R',
    '盈亏',
    '入场滑点',
    '出场滑点',
  ],
  proposals: '提案',
  proposalColumns: ['日期', '时间', '提案码', '代码', '日型', '答复', 'R'],
  shadow: '(未交易)',
};

export const REPORT_WORDS: Readonly<Record<Language, ReportWords>> = { en: EN, zh: ZH };
