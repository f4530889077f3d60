import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reply } from '#core/replies/act.ts';
import { COMMANDS } from '#core/replies/command-table.ts';
import { isUrgent, parseReply, urgentOf } from '#core/replies/parse.ts';

const actOf = (text: string, replyToCode: string | null = null): unknown => {
  const reply = parseReply(text, { replyToCode });
  return reply.kind === 'act' ? reply.act : reply;
};

const CONFIRM = { act: 'confirm', code: 'K7QD', version: null, quantity: null, price: null };

test('confirm in every spelling is the same act', () => {
  for (const text of [
    '/confirm K7QD',
    '/y k7qd',
    '/确认 K7QD',
    'confirm K7QD',
    'CONFIRM k7qd',
    '确认 K7QD',
    '/confirm@centaur_bot K7QD',
    '/confirm K7QD',
    '  /confirm   K7QD ',
  ]) {
    assert.deepEqual(actOf(text), CONFIRM, text);
  }
});

test('confirm takes version, a lower quantity and a better price', () => {
  assert.deepEqual(actOf('/confirm K7QD v2 10 @252.3'), {
    ...CONFIRM,
    version: 2,
    quantity: 10,
    price: 252.3,
  });
  assert.deepEqual(actOf('/confirm K7QD 5手'), { ...CONFIRM, quantity: 500 });
  assert.deepEqual(actOf('/confirm K7QD 100股'), { ...CONFIRM, quantity: 100 });
  assert.deepEqual(actOf('confirm', 'K7QD'), CONFIRM);
  assert.deepEqual(actOf('confirm'), { ...CONFIRM, code: null });
});

test('CX-12 a report is asked for by day, span and format in any order', () => {
  const asked = (text: string) => {
    const reply = parseReply(text);
    return reply.kind === 'question' ? reply.question : reply;
  };
  const report = { ask: 'report', day: null, span: 'day', format: null };
  assert.deepEqual(asked('/report'), report);
  assert.deepEqual(asked('日报'), report);
  assert.deepEqual(asked('/report 2026-11-17'), { ...report, day: '2026-11-17' });
  assert.deepEqual(asked('/report html Week'), { ...report, span: 'week', format: 'html' });
  assert.deepEqual(asked('/日报 月 md'), { ...report, span: 'month', format: 'md' });
  assert.deepEqual(asked('评分'), { ask: 'score', days: null });
  assert.deepEqual(asked('/score 90'), { ask: 'score', days: 90 });
});

test('CX-05 a chart is asked for by ticket, symbol, gate, reply or not at all', () => {
  const asked = (text: string, replyToCode: string | null = null) => {
    const reply = parseReply(text, { replyToCode });
    return reply.kind === 'question' ? reply.question : reply;
  };
  const of = (target: string | null) => ({ ask: 'chart', of: 'target', target });
  for (const text of ['/chart k7qd', 'chart K7QD', '图 K7QD', '/图 K7QD'])
    assert.deepEqual(asked(text), of('K7QD'), text);
  assert.deepEqual(asked('/chart 600519.sh'), of('600519.SH'));
  assert.deepEqual(asked('图', 'K7QD'), of('K7QD'));
  assert.deepEqual(asked('/chart'), of(null));
  assert.deepEqual(asked('/chart gates'), { ask: 'chart', of: 'gates', target: null });
  assert.deepEqual(asked('/图 闸门'), { ask: 'chart', of: 'gates', target: null });
});

test('wrong arguments are named and nothing is guessed', () => {
  for (const text of [
    '/confirm K7QD ten',
    '/confirm K7QD 0',
    '/confirm K7QD 5 5',
    '/half K7QD 3',
    '/allow 25:00',
    '/resume',
    '/safe maybe',
    '/exit QQQM 0',
    '/exit QQQM 101',
    '/cancel',
    '/mode us-vwap fast',
    '/lang fr',
    '/pair',
    '/report someday',
    '/report week month',
    '/report md csv',
    '/score 0',
    '/score 400',
    '/score many',
    '/chart K7QD QQQM',
    '/chart ..',
    '/logs loud',
  ]) {
    assert.equal(parseReply(text).kind, 'bad_arguments', text);
  }
});

test('AL-07 one stop or all of them, tried or done, in both languages', () => {
  const one = { act: 'stoploss', target: 'QQQM', price: 98.5 } as const;
  const all = { act: 'stops', percent: 1.5 } as const;
  const acting = (of: typeof one | typeof all) => ({ kind: 'act', act: of, day: null });
  const asking = (of: typeof one | typeof all) => ({
    kind: 'question',
    question: { ask: 'stops', of },
  });
  assert.deepEqual(parseReply('/stoploss qqqm 98.5'), acting(one));
  assert.deepEqual(parseReply('/stoploss qqqm 98.5 --dry'), asking(one));
  assert.deepEqual(parseReply('/stoploss all 1.5%'), acting(all));
  assert.deepEqual(parseReply('/stoploss all 1.5% --dry'), asking(all));
  assert.deepEqual(parseReply('/止损 全部 1.5% 试算'), asking(all));
  for (const text of ['all', 'all 1.5', 'all 0%', 'all 51%', 'all x%', 'QQQM 5%', 'QQQM 98 97'])
    assert.equal(parseReply(`/stoploss ${text}`).kind, 'bad_arguments', text);
});

test('CX-06 allow, stop and kill in both languages', () => {
  assert.deepEqual(actOf('ALLOW'), { act: 'allow', scope: null, until: null });
  assert.deepEqual(actOf('允许开仓'), { act: 'allow', scope: null, until: null });
  assert.deepEqual(actOf('/allow us-vwap until 11:00'), {
    act: 'allow',
    scope: 'us-vwap',
    until: '11:00',
  });
  assert.deepEqual(actOf('/allow today'), { act: 'allow', scope: null, until: null });
  assert.deepEqual(actOf('stop'), { act: 'stop', scope: null, reason: null });
  assert.deepEqual(actOf('停止开仓'), { act: 'stop', scope: null, reason: null });
  assert.deepEqual(actOf('/stop us-vwap fed speaks'), {
    act: 'stop',
    scope: 'us-vwap',
    reason: 'fed speaks',
  });
  assert.deepEqual(actOf('/stop fed speaks'), { act: 'stop', scope: null, reason: 'fed speaks' });
  assert.deepEqual(actOf('kill'), { act: 'kill', scope: null });
  assert.deepEqual(actOf('急停!'), { act: 'kill', scope: null });
  assert.deepEqual(actOf('/急停 all'), { act: 'kill', scope: 'all' });
});

test('CX-07 清仓 alone sells nothing; with a code it is a whole exit', () => {
  assert.deepEqual(parseReply('清仓'), { kind: 'question', question: { ask: 'kill_menu' } });
  assert.deepEqual(parseReply('/清仓'), { kind: 'question', question: { ask: 'kill_menu' } });
  assert.deepEqual(actOf('清仓 600519'), { act: 'exit', target: '600519', ratio: 1 });
  assert.deepEqual(actOf('/exit QQQM 50%'), { act: 'exit', target: 'QQQM', ratio: 0.5 });
});

test('a kill word works with invisible characters, closing marks and at any length behind a slash', () => {
  assert.ok(isUrgent('ki\u200Bll'));
  assert.ok(isUrgent('STOP!!'));
  assert.ok(isUrgent(`/stop ${'x'.repeat(10_000)}`));
  assert.ok(isUrgent('/kill@centaur_bot'));
  assert.ok(!isUrgent('do not kill'));
  assert.ok(!isUrgent('stop it'));
  assert.ok(!isUrgent('kill switch'));
  assert.equal(urgentOf('/kill us-vwap')?.scope, 'us-vwap');
});

test('invisible characters inside any other word make it free text', () => {
  assert.deepEqual(parseReply('con\u200Bfirm K7QD'), { kind: 'not_understood' });
  assert.deepEqual(parseReply('/con\u202Efirm K7QD'), { kind: 'not_understood' });
});

test('an unknown command names the nearest and is never carried out', () => {
  assert.deepEqual(parseReply('/comfirm K7QD'), {
    kind: 'unknown_command',
    found: 'comfirm',
    nearest: 'confirm',
  });
  assert.deepEqual(parseReply('/resum now'), {
    kind: 'unknown_command',
    found: 'resum',
    nearest: 'resume',
  });
  assert.deepEqual(parseReply('/zzzzzzzzzzzz'), {
    kind: 'unknown_command',
    found: 'zzzzzzzzzzzz',
    nearest: null,
  });
});

test('every command of the table is understood by each spelling behind a slash', () => {
  for (const command of COMMANDS) {
    for (const spelling of [command.name, ...command.aliases]) {
      assert.notEqual(parseReply(`/${spelling}`).kind, 'unknown_command', spelling);
      assert.notEqual(parseReply(`/${spelling}`).kind, 'not_understood', spelling);
    }
  }
});

test('no spelling belongs to two commands', () => {
  const spellings = COMMANDS.flatMap((command) => [command.name, ...command.aliases]);
  assert.equal(new Set(spellings).size, spellings.length);
  const words = COMMANDS.flatMap((command) => command.words);
  assert.equal(new Set(words).size, words.length);
});

test('a second confirmation is a nonce or the phrase, and nothing else', () => {
  assert.deepEqual(parseReply('/yes abcd1234'), {
    kind: 'second_confirm',
    nonce: 'abcd1234',
    agreed: true,
  });
  assert.deepEqual(parseReply('/no abcd1234'), {
    kind: 'second_confirm',
    nonce: 'abcd1234',
    agreed: false,
  });
  assert.deepEqual(parseReply('kill paper-us 4172'), {
    kind: 'second_confirm',
    nonce: 'KILL PAPER-US 4172',
    agreed: true,
  });
  assert.equal(parseReply('yes').kind, 'not_understood');
});

const isAct = (reply: Reply): boolean => reply.kind === 'act' || reply.kind === 'second_confirm';

test('parsing never throws, whatever the text', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 500 }),
    fc.string({ unit: 'grapheme', maxLength: 500 }),
    fc.string().map((text) => `/${text}`),
  );
  fc.assert(
    fc.property(anyText, fc.option(fc.constant('K7QD')), (text, replyToCode) => {
      assert.ok(parseReply(text, { replyToCode }).kind.length > 0);
      isUrgent(text);
    }),
    { numRuns: 2000 },
  );
});

test('free text of three or more words is never an act', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'confirm',
      'ALLOW',
      'stop',
      'kill',
      'K7QD',
      '确认',
      '急停',
      '停止开仓',
      'all',
      'please',
      'now',
      '清仓',
      'yes',
    ),
    fc.stringMatching(/^[a-zA-Z\u4e00-\u9fff]{1,10}$/),
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 3, maxLength: 12 }), (words) => {
      assert.ok(!isAct(parseReply(words.join(' '))));
    }),
    { numRuns: 2000 },
  );
});

test('a plain word is an act only as the whole message', () => {
  const plain = fc.constantFrom(
    'confirm',
    'allow',
    'stop',
    'kill',
    'skip',
    'half',
    '确认',
    '急停',
    '允许开仓',
  );
  const noise = fc.stringMatching(/^[a-z]{5,12}$/).filter((text) => !/^(protective)$/.test(text));
  fc.assert(
    fc.property(plain, noise, (word, extra) => {
      assert.ok(!isAct(parseReply(`${word} ${extra}`)));
      assert.ok(!isAct(parseReply(`${extra} ${word}`)));
    }),
    { numRuns: 1000 },
  );
});

test('ten thousand characters are one clear answer', () => {
  assert.deepEqual(parseReply('confirm '.repeat(1250)), { kind: 'not_understood' });
  assert.deepEqual(parseReply(`/confirm ${'K'.repeat(10_000)}`), { kind: 'not_understood' });
});

test('ID-09 adopt and reconcile are read with their arguments, anything else is said to be wrong', () => {
  const acts = [
    ['/adopt aapl', { act: 'adopt', target: 'AAPL', stop: null }],
    ['/adopt AAPL stop=180.5', { act: 'adopt', target: 'AAPL', stop: 180.5 }],
    ['/接管 AAPL 180', { act: 'adopt', target: 'AAPL', stop: 180 }],
    ['/reconcile accept cash', { act: 'reconcile', verb: 'accept', id: 'cash', scope: null }],
    [
      '/reconcile paper-us disown by-hand-1',
      { act: 'reconcile', verb: 'disown', id: 'by-hand-1', scope: 'paper-us' },
    ],
    [
      '/reconcile cn-main 600150.SH 300 510300 1000 cash 100000.5',
      {
        act: 'reconcile',
        verb: 'attest',
        holdings: [
          { target: '600150.SH', quantity: 300 },
          { target: '510300', quantity: 1000 },
        ],
        cashMinor: 10_000_050,
        scope: 'cn-main',
      },
    ],
    [
      '/对账 现金 80000',
      { act: 'reconcile', verb: 'attest', holdings: [], cashMinor: 8_000_000, scope: null },
    ],
    ['/对账 不管 AAPL', { act: 'reconcile', verb: 'disown', id: 'AAPL', scope: null }],
  ] as const;
  for (const [text, value] of acts)
    assert.deepEqual(parseReply(text), { kind: 'act', act: value, day: null }, text);
  for (const text of ['/reconcile', '对账', '/reconcile paper-us'])
    assert.equal(parseReply(text).kind, 'question', text);
  for (const text of [
    '/adopt',
    '/adopt AAPL stop=0',
    '/adopt AAPL 1 2',
    '/reconcile accept',
    '/reconcile us-vwap take AAPL',
    '/reconcile accept a b',
    '/reconcile 600150 0 cash 1',
    '/reconcile 600150 100 600150 200 cash 1',
    '/reconcile 600150 100 cash 1.234',
    '/reconcile 600150 100 cash 1 cash 2',
    '/reconcile 600150 100',
  ])
    assert.equal(parseReply(text).kind, 'bad_arguments', text);
});
