import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, recorded, SCENES } from '../../tools/record.ts';
import { blotted } from '../../tools/recordings/theatre.ts';

/** Kills processes and starts databases, or takes minutes: played by hand. */
const BY_HAND = /^(?:kill-nine|simulation|sweep-kill|day-.+)$/;

for (const name of Object.keys(SCENES).filter((one) => !BY_HAND.test(one))) {
  test(`CX-03 docs/recordings/${name}.txt is what the product says`, async () => {
    assert.equal(blotted(await play(name)), blotted(recorded(name)));
  });
}
