import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createDrawingDesk } from '#shell/chat/pictures/drawing-desk.ts';
import { fontParts, unpackWoff } from '#shell/chat/pictures/font-files.ts';
import { createPictures, drawingOf } from '#shell/chat/pictures/pictures.ts';
import { catalogueOf } from '#shell/chat/render.ts';
import { PICTURE_WORDS } from '#shell/chat/text/picture-words.ts';
import { hostile } from '#test/support/chat-samples.ts';
import { eventually } from '#test/support/eventually.ts';
import { CN_SESSION, CURVES, GATES, intraday, minutes } from '#test/support/pictures.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-pictures-'));
const fontsDir = join(folder, 'fonts');
after(() => rmSync(folder, { recursive: true, force: true }));

function sizeOf(png: Uint8Array): { isPng: boolean; width: number; height: number } {
  const bytes = Buffer.from(png);
  return {
    isPng: bytes.subarray(1, 4).toString() === 'PNG',
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
  };
}

test('CX-12 every kind of picture is a PNG of its own in each language', async () => {
  const troubles: unknown[] = [];
  const pictures = createPictures({ fontsDir, onTrouble: (_, error) => troubles.push(error) });
  for (const picture of [intraday(), GATES, CURVES]) {
    const [en, zh] = [await pictures.draw(picture, 'en'), await pictures.draw(picture, 'zh')];
    assert.deepEqual(troubles, []);
    assert.ok(en !== null && zh !== null);
    for (const png of [en, zh]) {
      const { isPng, width, height } = sizeOf(png);
      assert.ok(isPng);
      assert.equal(width, 1080);
      assert.ok(height >= 300 && height <= 900, `${picture.kind}: ${height} pixels high`);
    }
    assert.notDeepEqual(Buffer.from(en), Buffer.from(zh));
  }
  await pictures.stop();
});

test('CX-12 a picture without any row, and one with hostile names, are drawn all the same', async () => {
  const troubles: unknown[] = [];
  const pictures = createPictures({ fontsDir, onTrouble: (_, error) => troubles.push(error) });
  const bare = intraday({ points: [], levels: [], fills: [], openingRange: null, code: null });
  const odd = intraday({ instrument: hostile('<b>&"\u0007]]>'), deskId: '<script>' });
  const noChecks = { ...GATES, checks: [] };
  const noTrades = { ...CURVES, equity: [], trades: [] };
  for (const picture of [bare, odd, noChecks, noTrades])
    assert.ok((await pictures.draw(picture, 'zh')) !== null, picture.kind);
  assert.deepEqual(troubles, []);
  await pictures.stop();
});

test('a thread that is woken before there is a picture draws it, and is not woken once it has stopped', async () => {
  const desk = createDrawingDesk(fontsDir);
  assert.equal(desk.isAwake(), false);
  desk.wake();
  assert.equal(desk.isAwake(), true);
  const pictures = createPictures({
    fontsDir,
    desk,
    onTrouble: (_, error) => assert.fail(String(error)),
  });
  assert.ok(sizeOf((await pictures.draw(GATES, 'en'))!).isPng);
  await pictures.stop();
  assert.equal(desk.isAwake(), false);
  desk.wake();
  assert.equal(desk.isAwake(), false);
});

test('what cannot be drawn is told and null, and the next picture is drawn', async () => {
  const desk = createDrawingDesk(fontsDir);
  const broken = {
    width: 10,
    height: 10,
    option: { series: [{ type: 'line', data: 7 }] } as never,
  };
  await assert.rejects(desk.draw(broken), /^Error: picture: /);
  assert.ok(sizeOf(await desk.draw(drawingOf(GATES, 'en'))).isPng);
  await desk.stop();
  await assert.rejects(desk.draw(drawingOf(GATES, 'en')), /drawing has stopped/);
});

test('a thread that does not answer in time is given up, and what waits gets a new one', async () => {
  const desk = createDrawingDesk(fontsDir, 0);
  await assert.rejects(desk.draw(drawingOf(GATES, 'en')), /not drawn within 0 ms/);
  await assert.rejects(desk.draw(drawingOf(GATES, 'en')), /not drawn within 0 ms/);
  await desk.stop();
});

test('a thread that draws nothing for a while ends, and the next picture starts another', async () => {
  const desk = createDrawingDesk(fontsDir, 30_000, 1);
  const drawing = drawingOf(GATES, 'en');
  assert.equal(desk.isAwake(), false);
  const first = await desk.draw(drawing);
  await eventually(() => !desk.isAwake());
  assert.deepEqual(Buffer.from(await desk.draw(drawing)), Buffer.from(first));
  await desk.stop();
  assert.equal(desk.isAwake(), false);
});

test('CX-05 a row that is either so or not so says so, and compares nothing', () => {
  const [check] = GATES.checks;
  assert.ok(check !== undefined);
  const row = {
    ...check,
    name: 'index_above_ma20',
    value: true,
    operator: '==' as const,
    threshold: true,
  };
  const shown = (['en', 'zh'] as const).map((language) => {
    const { option } = drawingOf({ ...GATES, checks: [row] }, language);
    const [bars] = option.series as { data: { label: { formatter: string } }[] }[];
    return bars?.data[0]?.label.formatter;
  });
  assert.deepEqual(shown, ['yes', '是']);
});

test('CX-14 every letter that pictures use has a part of the font', () => {
  const fonts = fontParts(fontsDir);
  const words = (['en', 'zh'] as const).map((language) => {
    const { checks, dayTypes } = catalogueOf(language);
    return JSON.stringify([PICTURE_WORDS[language], checks, dayTypes]);
  });
  const letters = new Set([...words.join(''), ...'−≤≥–·中国船舶镕玥']);
  const [latin] = fonts.filesFor('A');
  for (const letter of letters) {
    if (letter <= '~') continue;
    const files = fonts.filesFor(letter);
    const isHeld = files.length === 2 || (letter < 'Ā' && files[0] === latin);
    assert.ok(isHeld || '−–·’“”…'.includes(letter), `no part of the font has ${letter}`);
  }
});

test('a font is unpacked with the tables its package has', () => {
  const [path = ''] = fontParts(fontsDir).filesFor('');
  const font = readFileSync(path);
  const count = font.readUInt16BE(4);
  const tables = Array.from({ length: count }, (_, place) => {
    const entry = 12 + place * 16;
    const tag = font.subarray(entry, entry + 4).toString();
    return { tag, at: font.readUInt32BE(entry + 8), length: font.readUInt32BE(entry + 12) };
  });
  const head = tables.find(({ tag }) => tag === 'head');
  assert.ok(head !== undefined);
  // the magic number of the head table. Source: OpenType specification, "head"
  assert.equal(font.readUInt32BE(head.at + 12), 0x5f0f_3cf5);
  assert.ok(tables.every(({ at, length }) => at % 4 === 0 && at + length <= font.length));
  assert.throws(
    () => unpackWoff(Buffer.from('no font at all, but long enough for a header')),
    RangeError,
  );
});

test('labels of prices that lie close together do not cover each other', () => {
  const levels = [252.38, 252.39, 252.4, 252.41].map((price) => ({ name: 'stop' as const, price }));
  const { option, height } = drawingOf(intraday({ levels }), 'en');
  const axis = option.yAxis as { min: number; max: number };
  const [candles] = option.series as {
    markLine: { data: { yAxis: number; label: { offset: [number, number] } }[] };
  }[];
  const plot = height - 92 - 48;
  const shown = (candles?.markLine.data ?? [])
    .map(
      ({ yAxis, label }) => ((axis.max - yAxis) / (axis.max - axis.min)) * plot + label.offset[1],
    )
    .sort((a, b) => a - b);
  assert.equal(shown.length, 4);
  for (const [place, y] of shown.entries())
    if (place > 0) assert.ok(y - (shown[place - 1] ?? 0) >= 20.99, `${shown.join(' ')}`);
});

test('a break of the session takes no room, and what happens in it stands at its edge', () => {
  const { openAt } = CN_SESSION;
  const fills = [{ at: openAt + 120 * 60_000, price: 252.4, side: 'buy' as const }];
  const points = minutes(openAt, 120);
  const { option } = drawingOf(intraday({ session: CN_SESSION, points, fills }), 'zh');
  const axis = option.xAxis as { data: string[] };
  assert.equal(axis.data.length, 240);
  assert.deepEqual(axis.data.slice(118, 122), ['11:28', '11:29', '13:00', '13:01']);
  const marks = (option.series as { type: string; data: [number, number][] }[]).filter(
    ({ type }) => type === 'scatter',
  );
  assert.deepEqual(
    marks.map(({ data }) => data[0]?.[0]),
    [119],
  );
});

test('CX-12 bars of R stand on zero, also when every trade lost', () => {
  const trades = [{ tradingDay: '2026-11-25', resultR: -1.1 }];
  const { option } = drawingOf({ ...CURVES, trades }, 'en');
  const [money, inR] = option.yAxis as { scale: boolean }[];
  assert.deepEqual([money?.scale, inR?.scale], [true, false]);
});

test('RL-04 an account beside its benchmark has its falls drawn under it, and both colours are told', () => {
  const at = (values: readonly number[]) =>
    values.map((yuan, place) => ({
      tradingDay: `2026-11-${String(place + 16)}`,
      valueMinor: yuan * 100,
    }));
  const money = { ...CURVES, equity: at([1000, 1100, 880, 990]), trades: [], hasFalls: true };
  const { option } = drawingOf({ ...money, benchmark: at([1000, 1010, 1020, 1030]) }, 'en');
  const series = option.series as { data: number[]; name: string }[];
  assert.deepEqual(
    series.map(({ data }) => data),
    [
      [1000, 1100, 880, 990],
      [1000, 1010, 1020, 1030],
      [0, 0, -20, -10],
    ],
  );
  assert.deepEqual((option.legend as { data: string[] }).data, ['Equity', 'benchmark']);
  assert.match(
    (option.title as { subtext: string }).subtext,
    /-1\.0 % · deepest drawdown -20\.0 %$/,
  );
  const alone = drawingOf(money, 'zh').option;
  assert.equal(alone.legend, undefined);
  assert.match((alone.title as { subtext: string }).subtext, /最大回撤 -20\.0 %$/);
});
