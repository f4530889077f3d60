import { alpacaUnderTest } from './alpaca-contract.ts';
import { BROKER_CASES } from './broker-cases.ts';
import type { BrokerUnderTest } from './broker-harness.ts';
import { ibkrUnderTest } from './ibkr-contract.ts';
import { manualUnderTest } from './manual-contract.ts';
import { paperUnderTest } from './paper-contract.ts';

/** Every adapter of the Broker port, in the order of the table's columns. */
export const BROKERS: readonly BrokerUnderTest[] = [
  paperUnderTest,
  manualUnderTest,
  alpacaUnderTest,
  ibkrUnderTest,
];

/** The table of docs/brokers.md: a row a case, a column an adapter, below it why a case is left out. */
export function brokerTable(): string {
  const reasons: string[] = [];
  const cell = ({ name, without }: BrokerUnderTest, what: string): string => {
    const why = without[what];
    if (why === undefined) return 'ok';
    const line = `${name}: ${why}`;
    if (!reasons.includes(line)) reasons.push(line);
    return `– (${reasons.indexOf(line) + 1})`;
  };
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = BROKER_CASES.map(({ id, what }) =>
    row([id, what, ...BROKERS.map((broker) => cell(broker, what))]),
  );
  const sums = BROKERS.map(({ without }) => {
    const left = BROKER_CASES.filter(({ what }) => without[what] === undefined).length;
    return `${left}/${BROKER_CASES.length}`;
  });
  return [
    row(['', 'case', ...BROKERS.map(({ name }) => name)]),
    row(['---', '---', ...BROKERS.map(() => '---')]),
    ...rows,
    row(['', 'cases it has', ...sums]),
    '',
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
  ].join('\n');
}
