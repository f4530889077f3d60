import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createProgressBar } from '#shell/runner/progress-bar.ts';

/** A terminal of eighty columns that remembers what was drawn. */
function terminal() {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  return Object.assign(stream, {
    isTTY: true,
    columns: 80,
    drawn: () => stripVTControlCharacters(text),
    raw: () => text,
  });
}

test('CX-13 a bar counts the sets of a sweep, then the days of a layer, and leaves no line behind', () => {
  const screen = terminal();
  const bar = createProgressBar(screen);
  bar.show({ stage: 'sets', done: 3, of: 12 });
  assert.match(screen.drawn(), /sweep, set 3 of 12 █+░+ /);
  bar.show({ stage: 'layer_c', done: 10, of: 250 });
  assert.match(screen.drawn(), /layer C, day 10 of 250 █*░+ /);
  bar.clear();
  // the line is emptied, and none was ended
  assert.ok(!screen.raw().includes('\n'), JSON.stringify(screen.raw()));
  const before = screen.raw().length;
  bar.clear();
  assert.equal(screen.raw().length, before, 'there is nothing left to take away');
});
