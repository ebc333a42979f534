// threat: 55
// area: confirmation
// tried: The token of an earlier run, the word in lower case, either with a space behind it, or anything else but what is shown, is typed.
// answer: CONFIRM
import { describe, test } from 'vitest';
import { denyAtTerminal, scene, sit } from '../harness/at-terminal.ts';

/** A token that was shown, in a run that was then declined. */
async function earlierToken(place: Awaited<ReturnType<typeof scene>>): Promise<string> {
  const seat = await sit(place);
  const token = await seat.token();
  await seat.terminal.type('\u0003');
  await seat.terminal.exit;
  return token;
}

describe('the token', () => {
  test('of another run', async () => {
    let token = '';
    const prepare = async (place: Awaited<ReturnType<typeof scene>>): Promise<void> => {
      token = await earlierToken(place);
    };
    await denyAtTerminal(
      { code: 'CONFIRM', wrong: /mistyped 3 times/, prepare },
      async ({ terminal, ...seat }) => {
        await seat.token();
        for (let n = 0; n < 3; n++) {
          await terminal.type(`${token}\r`);
          if (n < 2) await terminal.waitFor(/Token: $/m);
          terminal.forget();
        }
      },
    );
  });

  test.each([
    ['in lower case', (token: string) => token.toLowerCase()],
    ['with a space behind it', (token: string) => `${token} `],
    ['with a space before it', (token: string) => ` ${token}`],
    ['without its dash', (token: string) => token.replace('-', '')],
  ])('%s', async (_how, change) => {
    await denyAtTerminal({ code: 'CONFIRM', wrong: /mistyped 3 times/ }, async ({ terminal, ...seat }) => {
      const token = await seat.token();
      for (let n = 0; n < 3; n++) {
        terminal.forget();
        await terminal.type(`${change(token)}\r`);
        if (n < 2) await terminal.waitFor(/Token: $/m);
      }
    });
  });
});

test.each(['apply', 'Apply', 'APPLY ', ' APPLY', 'yes', ''])('the word: %j', async (word) => {
  await denyAtTerminal({ code: 'CONFIRM', wrong: /the word was not APPLY/ }, async (seat) => {
    await seat.word();
    await seat.terminal.type(`${word}\r`);
  });
});
