import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Input } from '#core/engine/input.ts';
import { planned, quoteOf } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { fillAct, shanghaiSession } from '../support/cn-desk.ts';
import { cnAt, pulseMarket } from '../support/pulse-market.ts';
import {
  checkpointInput,
  minuteInput,
  PULSE_MORNING,
  pulsePolicyOf,
} from '../support/pulse-steps.ts';

/** The conversation of a desk whose gate passed at 10:00 and whose buy points held in that minute. */
async function afterTen() {
  const h = await chatHarness(PULSE_MORNING, { policy: pulsePolicyOf(), at: cnAt('10:01') });
  const now = () => ({ state: h.desk.state(), view: h.desk.view() });
  await h.desk.submit(checkpointInput(now(), pulseMarket(), '10:00'));
  await h.desk.submit(minuteInput(now(), pulseMarket(), '10:00'));
  await h.deliverer.idle();
  h.channel.sent.length = 0;
  const ask = async (text: string): Promise<string> => {
    await h.say(text);
    return h.channel.sent.at(-1)?.card.lines.join('\n') ?? '';
  };
  return { h, ask };
}

suite('questions about the A-share desk', () => {
  test('CX-05 /gates shows every row with value, threshold and how often it held, and the kill-switch', async () => {
    const { ask } = await afterTen();
    const text = await ask('/gates');
    assert.match(
      text,
      /^✓ 10:00 gate passed · 2026-11-18\n✓ limit-ups 29 ≥ 20 · held 1\/1\(100%\)/,
    );
    assert.match(text, /SSE Composite 3342\.8 ≥ MA20 3317\.2/);
    assert.match(text, /^10:00: passed the last time/m);
    assert.match(text, /^14:00: not judged yet/m);
    assert.match(text, /level 2 0\.90, 0\.82 away/);
    assert.match(text, /margin net repayment/);
    assert.match(text, /threshold set tuned/);
  });

  test('CX-05 /gates of a checkpoint that was not made says so, in Chinese too', async () => {
    const { ask } = await afterTen();
    assert.match(await ask('/gates 14:00'), /^No checkpoint of 14:00 on record/);
    await ask('/lang zh');
    assert.match(await ask('闸门'), /^✓ 10:00 闸门通过 · 2026-11-18\n✓ 涨停家数 29 ≥ 20/);
    assert.match(await ask('/闸门 cn 14:00'), /^14:00 没有决策点记录/);
    assert.match(await ask('/gates soon 14:00 now'), /gates/);
  });

  test('CX-05 /sectors ranks the sectors and shows the stocks that were taken or refused', async () => {
    const { ask } = await afterTen();
    const text = await ask('/sectors');
    assert.match(text, /^◈ Sectors: 12 ranked · 10:00 2026-11-18\n1\. sector 11 0\.898/);
    assert.match(text, /✓ stock 600431 600431 sector 11 \(sector 1\), place 3 · strength 0\.83/);
    assert.match(text, /✕ .* quota of the sector used up/);
  });

  test('CX-05 /why of a ticket goes back to the checkpoint that chose its name', async () => {
    const { h, ask } = await afterTen();
    const [ticket] = Object.values(h.desk.state().tickets);
    assert.ok(ticket !== undefined);
    const text = await ask(`/why ${ticket.code}`);
    assert.match(text, new RegExp(`^Why ${ticket.code}`));
    assert.match(text, /Checkpoint 10:00 2026-11-18: buy points watched/);
    assert.match(text, /limit-ups 29 ≥ 20 · made up 09:59:40 Beijing/);
    assert.match(text, /left: market 600 → top sectors 150/);
  });

  test('CX-14 no row of a ticket is told by its code, and strengths below each other have two decimals', async () => {
    const { h, ask } = await afterTen();
    const [ticket] = Object.values(h.desk.state().tickets);
    assert.ok(ticket !== undefined);
    assert.match(await ask(`/why ${ticket.code}`), /✓ kill-switch level /);
    const sectors = await ask('/sectors');
    const strengths = [...sectors.matchAll(/strength (\S+) %/g)].map(([, value]) => value);
    assert.ok(strengths.length > 5);
    for (const value of strengths) assert.match(value ?? '', /^−?\d+\.\d\d$/);
    await ask('/lang zh');
    const chinese = await ask(`/为什么 ${ticket.code}`);
    assert.match(chinese, /✓ 熔断级别 未触及/);
    assert.doesNotMatch(chinese, /kill|simulated|_/);
  });

  test('CX-05 /why of a symbol that was refused names what spoke against it', async () => {
    const { ask } = await afterTen();
    assert.match(await ask('/why 600275'), /✕ stock 600275 .*place 5.*quota of the sector used up/);
  });

  test('CX-05 SP-09 /why of a held name tells its ex-date: terms, and each figure before and after', async () => {
    const { h, ask } = await afterTen();
    const [ticket] = Object.values(h.desk.state().tickets);
    assert.ok(ticket !== undefined);
    const { instrument } = ticket;
    const at = h.clock.now();
    h.desk.quote = quoteOf(at, ticket.entryLimit - 0.01, ticket.entryLimit, instrument);
    await ask(`/confirm ${ticket.code}`);
    await h.desk.submit(fillAct(at + 1_000, ticket.code, ticket.entryLimit, ticket.quantity));
    await h.desk.submit({ kind: 'session_closed', at: cnAt('15:20'), labels: [] });
    const next = '2026-11-19';
    const lastClose = Math.round(ticket.entryLimit * 100) / 100;
    const terms = {
      exDate: next,
      cashPerShare: 0.5,
      newSharesPerShare: 0.3,
      rightsPerShare: 0,
      rightsPrice: 0,
    };
    const officialPreviousClose = Math.round(((lastClose - 0.5) / 1.3) * 100) / 100;
    const exDates = [{ instrument, terms, lastClose, officialPreviousClose }];
    const morning = cnAt('08:50', next);
    h.clock.advanceTo(morning);
    await h.desk.submit({ ...planned(morning, shanghaiSession(next), [], []), exDates } as Input);
    const after = h.desk.state().positions[instrument]?.quantity;
    assert.equal(after, ticket.quantity + Math.floor(ticket.quantity * 0.3));
    for (const asked of [ticket.code, instrument.slice(0, 6), '']) {
      const text = await ask(`/why ${asked}`.trim());
      assert.match(text, new RegExp(`ex-date ${next}: ${instrument.slice(0, 6)} restated`), asked);
      assert.match(text, /terms for one share: cash 0\.5, new shares 0\.3/);
      assert.match(text, new RegExp(`shares ${ticket.quantity} → ${after} · dividend`));
    }
    await ask('/lang zh');
    assert.match(
      await ask(`为什么 ${ticket.code}`),
      /除权除息 2026-11-19:.*已重述\n· 每股方案:派现 0\.5,送转 0\.3/,
    );
  });

  test('CX-05 /positions tells what T+1 holds back, days held, stop and targets', async () => {
    const { h, ask } = await afterTen();
    const [ticket] = Object.values(h.desk.state().tickets);
    assert.ok(ticket !== undefined);
    h.desk.quote = quoteOf(
      h.clock.now(),
      ticket.entryLimit - 0.01,
      ticket.entryLimit,
      ticket.instrument,
    );
    await ask(`/confirm ${ticket.code}`);
    await h.desk.submit(
      fillAct(h.clock.now() + 1_000, ticket.code, ticket.entryLimit, ticket.quantity),
    );
    const text = await ask('/positions');
    assert.match(text, /0 sellable today · T\+0/);
  });

  test('CX-05 without a desk that decides at checkpoints, /gates says so', async () => {
    const h = await chatHarness([]);
    assert.deepEqual(await h.say('/gates'), [
      'No desk here decides at checkpoints: /gates and /sectors belong to the A-share desk.',
    ]);
  });
});
