import { createManualBroker } from '#shell/brokers/manual.ts';
import { shiftedClock } from '../../test/support/broker-desk.ts';
import { allow, attest, bar, quoteOf, reconciled, started } from '../../test/support/builders.ts';
import {
  cnPolicy,
  MONDAY,
  plannedCn,
  quoteCn,
  STOCK,
  sh,
  signalCn,
} from '../../test/support/cn-desk.ts';
import { openTheatre } from './theatre.ts';

/** An A-share ticket on an account that a person executes: signal, confirm, order in hand, fill, stop to set. */
export async function manualTicket(): Promise<readonly string[]> {
  const startAt = sh('10:05');
  const broker = createManualBroker({
    accountId: 'cn-main',
    environment: 'live',
    clock: shiftedClock(startAt),
    sellableAfterDays: 1,
  });
  const stage = await openTheatre({ broker, policy: cnPolicy(), language: 'zh', startAt });
  const { clock, desk, say, tell } = stage;
  await tell([
    started(sh('09:00')),
    attest(sh('09:00')),
    reconciled(sh('09:01')),
    plannedCn(sh('09:05'), MONDAY),
    allow(sh('09:50')),
    bar(sh('10:04'), { instrument: STOCK }, quoteOf(sh('10:04'), 38.5, 38.52, STOCK)),
  ]);
  stage.flush();
  stage.lines.length = 0;
  await tell([signalCn(clock.now()), quoteCn(clock.now(), 38.6, 38.62)]);
  stage.flush();
  const code = Object.values(desk.state().tickets)[0]?.code ?? '';
  stage.desk.fetchQuote = async () => quoteOf(clock.now(), 38.6, 38.62, STOCK);
  await say(`确认 ${code}`);
  await say('待办委托');
  await say(`成交 ${code} 38.55 1000`);
  await say(`成交 ${code} 38.57 600`);
  await say('/已设 600150');
  await say('持仓');
  return [...stage.lines];
}
