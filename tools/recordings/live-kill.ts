import { brokerOn } from '../../test/support/alpaca-contract.ts';
import { confirm, ny, QQQM, withTicket } from '../../test/support/builders.ts';
import { eventually } from '../../test/support/eventually.ts';
import { FakeAlpaca } from '../../test/support/fake-alpaca.ts';
import { openTheatre } from './theatre.ts';

/** A kill on a live account at a stand-in of Alpaca: stage 1 at once, stage 2 behind its phrase. */
export async function liveKill(): Promise<readonly string[]> {
  const fake = new FakeAlpaca();
  const { broker } = brokerOn(await fake.listen(), { timeoutMs: 5_000, environment: 'live' });
  await broker.start();
  const execution = { broker: 'alpaca', flatten: 'one_request' } as const;
  const stage = await openTheatre({
    broker,
    policy: { accountId: 'alpaca-us', environment: 'live', execution },
    language: 'en',
    startAt: ny('10:01:01'),
  });
  const { clock, desk, say, tell, write } = stage;
  const wrote = () => fake.calls.filter((call) => !call.startsWith('GET'));
  try {
    fake.quote('QQQM', 99.98, 100);
    await tell(withTicket());
    await tell([confirm(clock.now())]);
    const stops = () =>
      Object.values(desk.state().orders).filter(
        (order) => order.role === 'stop' && order.state === 'accepted',
      );
    await eventually(() => desk.state().positions[QQQM]?.quantity === 200 && stops().length === 2);
    stage.flush();
    stage.lines.length = 0;
    write('·', ['200 QQQM are held at 100.00 under two stops']);
    fake.calls.length = 0;
    await say('/kill');
    write('wire', wrote().concat('no entry is at work, the stops stay'));
    await say('/flatten');
    await say('KILL ALPACA-US 9999');
    write('wire', wrote().concat('nothing was sold'));
    await say('KILL ALPACA-US 4172');
    await eventually(() => fake.calls.includes('DELETE /v2/positions'));
    write('wire', ['DELETE /v2/positions?cancel_orders=true']);
    fake.quote('QQQM', 99.9, 99.92);
    await eventually(() => desk.state().kill.kind === 'flat');
    stage.flush();
    await say('/resume all checked, all sold');
    await say('RESUME ALPACA-US 4172');
    return [...stage.lines];
  } finally {
    await broker.stop();
    await fake.close();
  }
}
