import { type Dice, MINUTE, SECOND } from './dice.ts';
import { TERMINAL_KILL } from './people.ts';
import type { ChannelName, Code, Item, Say, Setting, When } from './plan.ts';

export const CHANNELS: readonly ChannelName[] = ['telegram', 'second'];

/** How somebody types the code that is asked for, when not at once and right. */
const CODES: readonly (readonly Code[])[] = [
  ['wrong'],
  ['wrong', 'right'],
  ['old', 'right'],
  ['used'],
  ['used', 'right'],
  ['wrong', 'old', 'wrong', 'used', 'right'],
  ['right', 'right'],
];

export function say(dice: Dice, when: When, text: string, change: Partial<Say> = {}): Say {
  return {
    kind: 'say',
    when,
    channel: dice.chance(0.75) ? 'telegram' : 'second',
    who: 'owner',
    text,
    as: 'text',
    agreeAfterMs: dice.chance(0.85) ? dice.whole(800, 20 * SECOND) : null,
    codes: dice.chance(0.75) ? ['right'] : dice.pick(CODES),
    travelMs: dice.chance(0.9) ? dice.whole(20, 900) : dice.whole(1, 90) * SECOND,
    repeats: dice.chance(0.06) ? dice.whole(1, 2) : 0,
    ...change,
  };
}

/** How the nth ticket is answered; mostly by one plain yes, sometimes late, twice, wrong or not at all. */
function answers(dice: Dice, nth: number): Say[] {
  const soon: When = { seen: 'ticket', nth, afterMs: dice.whole(3_200, 40_000) };
  const yes = `${dice.pick(['/confirm', 'confirm', '确认'])} {code}`;
  const button = { as: 'button', text: '/confirm {code} v1' } as const;
  switch (dice.whole(0, 15)) {
    case 0:
      return [];
    case 1:
      return [say(dice, soon, dice.pick(['/half {code}', '/half {code} v1']))];
    case 2:
      return [say(dice, soon, '/skip {code} do not like it')];
    case 3:
      return [say(dice, { seen: 'ticket', nth, afterMs: dice.whole(110_000, 130_000) }, yes)];
    case 4:
      return [say(dice, soon, yes, button), say(dice, soon, yes, button)];
    case 5:
      return CHANNELS.map((channel) => say(dice, soon, yes, { channel }));
    case 6:
      return [say(dice, soon, dice.pick(['confirm', '确认', '/confirm']))];
    case 7:
      return [say(dice, soon, 'yes', { text: '/confirm', as: 'reply' })];
    case 8:
      return [say(dice, soon, '/confirm {code} 10'), say(dice, soon, '/skip {code}')];
    default:
      return [say(dice, soon, yes, dice.chance(0.5) ? button : {})];
  }
}

/** What a person who minds the desk does: ALLOW, answers, seen, SAFE off, resume, exits now and then. */
export function diligence(dice: Dice, setting: Setting): Item[] {
  const items: Item[] = [];
  for (let day = 1; day <= setting.days; day += 1) {
    const when: When = { seen: 'premarket_brief', nth: day, afterMs: dice.whole(5, 90) * SECOND };
    const how = dice.chance(0.6)
      ? { text: '/allow {desk} {day}', as: 'button' as const }
      : { text: '/allow' };
    if (dice.chance(0.96)) items.push(say(dice, when, '/allow', { ...how, agreeAfterMs: 2_000 }));
  }
  for (let nth = 1; nth <= 5; nth += 1) items.push(...answers(dice, nth));
  for (let nth = 1; nth <= 3; nth += 1) {
    const seen = { seen: 'safe_mode_on', nth, afterMs: dice.whole(20, 200) * SECOND };
    if (dice.chance(0.8)) items.push(say(dice, seen, '/safe off', { travelMs: 50 }));
  }
  const killed = { seen: 'kill_stage1', nth: 1, afterMs: dice.whole(15, 240) * SECOND };
  if (dice.chance(0.7)) items.push(say(dice, killed, '/resume looked at it', { travelMs: 50 }));
  // while a question of somebody is open, somebody else sees trouble
  const asked = { seen: 'second_confirm', nth: dice.whole(1, 4), afterMs: dice.whole(100, 4_000) };
  if (dice.chance(0.15))
    items.push(say(dice, asked, dice.pick([TERMINAL_KILL, TERMINAL_KILL, '/kill'])));
  const stopped = { seen: 'consent_withdrawn', nth: 1, afterMs: dice.whole(15, 240) * SECOND };
  if (dice.chance(0.6)) items.push(say(dice, stopped, '/allow', { travelMs: 50 }));
  const differs = { seen: 'recon_blocked', nth: 1, afterMs: dice.whole(10, 120) * SECOND };
  const settled = [
    '/adopt {symbol}',
    '/adopt {other}',
    '/reconcile disown {symbol}',
    '/reconcile disown {other}',
    '/reconcile accept {symbol}',
    '/reconcile accept cash',
  ];
  for (let left = dice.whole(0, 2); left > 0; left -= 1)
    items.push(say(dice, differs, dice.pick(settled), { travelMs: 50 }));
  const gone = { seen: 'operator_gone', nth: 1, afterMs: dice.whole(5, 120) * SECOND };
  if (dice.chance(0.7))
    items.push(
      say(dice, gone, '/ack'),
      say(dice, { ...gone, afterMs: gone.afterMs + 9_000 }, '/allow'),
    );
  const alarmed = { seen: 'alarm_repeat', nth: 1, afterMs: dice.whole(2, 60) * SECOND };
  items.push(say(dice, alarmed, '/ack'));
  return items;
}

/** Somebody kills again between the question of a resume and its yes: what was asked about is another kill. */
export function killedWhileAsked(dice: Dice): Item[] {
  if (!dice.chance(0.05)) return [];
  const at = { seen: 'premarket_brief', nth: 1, afterMs: dice.whole(100, 500) * SECOND } as const;
  const killed = { seen: 'kill_stage1', nth: 1, afterMs: dice.whole(5, 20) * SECOND } as const;
  const again = { ...killed, afterMs: killed.afterMs + dice.whole(2, 5) * SECOND };
  const plain = { travelMs: 50, repeats: 0, channel: 'telegram' } as const;
  const agreeAfterMs = dice.whole(6, 15) * SECOND;
  return [
    say(dice, at, '/kill', plain),
    say(dice, killed, '/resume looked at it', { ...plain, agreeAfterMs, codes: ['right'] }),
    say(dice, again, dice.pick([TERMINAL_KILL, '/kill']), { travelMs: 50 }),
  ];
}

const ERRATIC = [
  '/stop',
  'STOP',
  '停止开仓',
  '/kill',
  'kill',
  '急停',
  '/flatten',
  '/exit {symbol}',
  '/exit {other} 50',
  '/cancel all',
  '/mode alert',
  '/mode semi',
  '/mode auto',
  '/safe on',
  '/allow',
  '/resume all good',
  '/status',
  '/confirm ZZZZ',
  'confirm',
  'what now?',
  '/ack',
  '/reconcile',
  '/adopt {symbol}',
  '/breakeven {symbol}',
  '/breakeven {other}',
  '/stoploss {symbol} 98',
  '/stoploss {other} 99.5',
  '/stoploss {symbol} 100.5',
  '/switch {symbol} {other}',
  '/switch {other} {symbol} 50',
  '/switch keep',
  '/switch sell',
] as const;

/** Two acts that contradict each other, almost at once and from two chats. */
export function contradiction(dice: Dice, end: number): Item[] {
  const at = dice.whole(-MINUTE, end);
  const [first, second] = dice.pick([
    ['/allow {desk} {day}', 'STOP'],
    ['/allow {desk} {day}', '/kill'],
    ['/confirm {code}', 'STOP'],
    ['/confirm {code}', '/skip {code}'],
    ['/confirm {code}', '/kill'],
    ['/mode auto', '/stop'],
  ] as const);
  const asked = { seen: 'second_confirm', nth: dice.whole(1, 4), afterMs: dice.whole(300, 9_000) };
  if (dice.chance(0.4))
    return [say(dice, asked, dice.pick(['/kill', 'STOP']), { channel: 'second', travelMs: 40 })];
  const button = first.startsWith('/allow') ? { as: 'button' as const } : {};
  return [
    say(dice, { at }, first, { channel: 'telegram', travelMs: dice.whole(20, 300), ...button }),
    say(dice, { at: at + dice.whole(0, 200) }, second, { channel: 'second', travelMs: 30 }),
  ];
}

export function erratic(dice: Dice, end: number): Item {
  const when: When = { at: dice.whole(-60 * SECOND, end) };
  switch (dice.whole(0, 9)) {
    case 0: {
      const who = dice.pick(['viewer', 'stranger', 'operator'] as const);
      return say(
        dice,
        { seen: 'ticket', nth: dice.whole(1, 3), afterMs: 5_000 },
        '/confirm {code}',
        {
          who,
        },
      );
    }
    case 1: {
      const late = { seen: 'ticket', nth: dice.whole(1, 3), afterMs: dice.whole(60, 600) * SECOND };
      return say(dice, late, '/confirm {code} v1', { as: 'button' });
    }
    case 2: {
      const soon = { seen: 'ticket', nth: dice.whole(1, 3), afterMs: dice.whole(0, 30_000) };
      return say(dice, soon, dice.pick(['/kill', '/stop', 'STOP', '急停']));
    }
    case 3: {
      const soon = { seen: 'order_filled', nth: 1, afterMs: dice.whole(0, 300) * SECOND };
      return say(
        dice,
        soon,
        dice.pick([
          '/kill',
          '/flatten',
          '/exit {symbol}',
          '/exit {other}',
          '/stop',
          '/breakeven {symbol}',
          '/stoploss {other} 99.2',
          '/stoploss {symbol} 97',
        ]),
      );
    }
    default:
      return say(dice, when, dice.pick(ERRATIC));
  }
}
