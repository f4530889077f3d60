import type { Ticket } from '#core/machines/ticket.ts';
import type { Consequence } from '#core/replies/notice.ts';
import type { Speech } from './catalogue.ts';

type Edit = Extract<Consequence, { act: 'edit' }>;

/** Words of the question before a ticket is changed. */
type EditWords = {
  readonly title: string;
  readonly version: string;
  readonly shares: string;
  readonly limit: string;
  readonly stop: string;
  readonly target: string;
  readonly risk: string;
  readonly cost: string;
  readonly void: (version: number) => string;
};

export const EDIT_EN: EditWords = {
  title: 'Change ticket',
  version: 'version',
  shares: 'quantity',
  limit: 'limit',
  stop: 'stop',
  target: 'target',
  risk: 'at risk',
  cost: 'cost',
  void: (version) => `the buttons of version ${version} are dead then; its life stays as it is`,
};

export const EDIT_ZH: EditWords = {
  title: '修改提案',
  version: '版本',
  shares: '数量',
  limit: '限价',
  stop: '止损',
  target: '止盈',
  risk: '风险',
  cost: '成本',
  void: (version) => `版本 ${version} 的按钮随即失效,有效期不变`,
};

/** What would change, line by line; what stays is left out. */
export function editLines({ from, to }: Edit, s: Speech, words: EditWords): string[] {
  const price = (value: number) => s.f.price(value);
  const rows: readonly [string, (ticket: Ticket) => number, (value: number) => string][] = [
    [words.shares, ({ quantity }) => quantity, String],
    [words.limit, ({ entryLimit }) => entryLimit, price],
    [words.stop, ({ stop }) => stop, price],
    [words.target, ({ firstTarget }) => firstTarget, price],
    [words.risk, ({ riskMinor }) => riskMinor, (value) => s.f.money(value)],
    [words.cost, ({ costR }) => costR, (value) => `${value.toFixed(2)}R`],
  ];
  const changed = rows.flatMap(([name, of, show]) => {
    const [before, after] = [show(of(from)), show(of(to))];
    return before === after ? [] : [`${name} ${before} → ${after}`];
  });
  return [
    `${words.title} ${from.code} ${s.f.symbol(from.instrument)} · ${words.version} ${from.version} → ${to.version}`,
    changed.join(' · '),
    words.void(from.version),
  ];
}
