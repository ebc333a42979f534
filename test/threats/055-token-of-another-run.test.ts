// threat: 55
// area: confirmation
// tried: The token of an earlier run, or the right one with another case or a space, is typed; or the word is not exactly APPLY.
// answer: CONFIRM
import { expect, test } from 'vitest';
import { denyAtTerminal, sit, type Scene } from '../harness/at-terminal.ts';

/** A token that was shown, in a run that was then declined. */
async function earlierToken(place: Scene): Promise<string> {
  const seat = await sit(place);
  const token = await seat.token();
  await seat.terminal.type('\u0003');
  expect((await seat.terminal.exit).code).toBe(4);
  return token;
}

let earlier = '';
test.each<[string, (token: string) => string]>([
  ['of another run', () => earlier],
  ['in lower case', (token) => token.toLowerCase()],
  ['with a space behind it', (token) => `${token} `],
])('the token %s', async (how, change) => {
  const prepare = async (place: Scene): Promise<void> => {
    if (how === 'of another run') earlier = await earlierToken(place);
  };
  await denyAtTerminal({ code: 'CONFIRM', wrong: /mistyped 3 times/, prepare }, async (seat) => {
    const token = await seat.token();
    for (let n = 1; n <= 3; n++) {
      seat.terminal.forget();
      await seat.terminal.type(`${change(token)}\r`);
      if (n < 3) await seat.terminal.waitFor(/Token: $/m);
    }
  });
});

test.each(['apply', 'APPLY '])('the word %j', async (word) => {
  await denyAtTerminal({ code: 'CONFIRM', wrong: /the word was not APPLY/ }, async (seat) => {
    await seat.word();
    await seat.terminal.type(`${word}\r`);
  });
});
