import { describe, expect, it } from 'vitest';
import { confirm, type Word } from '../../../src/apply/confirm.ts';
import { rejectedBy } from '../plan/thrown.ts';
import { collect, FakeClock, FakeTerminal, type as types, type Act } from './fakes.ts';

const TOKEN = '7Q3ZK-0MABC';

function setUp(script: readonly Act[], why: string | null = null, word: Word = 'APPLY') {
  const clock = new FakeClock();
  const terminal = new FakeTerminal(clock, script, why);
  const { events, emit } = collect();
  return {
    clock,
    terminal,
    events,
    run: () => confirm({ terminal, clock, emit }, TOKEN, { word, expiresInSeconds: 300 }),
  };
}

/** Runs a script that must not confirm. */
async function refused(script: readonly Act[]) {
  const { terminal, events, run } = setUp(script);
  const error = await rejectedBy(run());
  expect(error.code).toBe('CONFIRM');
  return { error, asked: terminal.asked, events };
}

describe('confirm', () => {
  it('shows the token, asks for it, then for APPLY, and says what was confirmed', async () => {
    const { terminal, events, run } = setUp([types(TOKEN, 10_000), types('APPLY', 5_000)]);
    await run();
    expect(events).toEqual([{ type: 'confirm', token: TOKEN, word: 'APPLY', expiresInSeconds: 300 }]);
    expect(terminal.asked.map(({ timeoutMs }) => timeoutMs)).toEqual([300_000, 290_000]);
    expect(terminal.asked[1]?.text).toContain('APPLY');
    // The token is not part of the prompt: it is read from the plan, not from the line that is typed.
    expect(terminal.asked[0]?.text).not.toContain(TOKEN);
  });

  it('never asks when nobody can answer', async () => {
    const { terminal, events, run } = setUp([types(TOKEN)], 'standard input is not a terminal');
    const error = await rejectedBy(run());
    expect(error.code).toBe('NOT_INTERACTIVE');
    expect(error.message).toBe('standard input is not a terminal');
    expect(error.hint).toContain('have the plan approved');
    expect(terminal.asked).toEqual([]);
    expect(events).toEqual([]);
  });

  it('asks who approves for a word of their own, and takes no other', async () => {
    const { terminal, events, run } = setUp([types(TOKEN), types('APPROVE')], null, 'APPROVE');
    await run();
    expect(events).toEqual([{ type: 'confirm', token: TOKEN, word: 'APPROVE', expiresInSeconds: 300 }]);
    expect(terminal.asked[1]?.text).toBe('Type APPROVE to sign: ');
    const other = await rejectedBy(setUp([types(TOKEN), types('APPLY')], null, 'APPROVE').run());
    expect(other).toMatchObject({ code: 'CONFIRM', message: 'the word was not APPROVE' });
    const nobody = await rejectedBy(setUp([], 'CI is "true"', 'APPROVE').run());
    expect(nobody).toMatchObject({
      code: 'NOT_INTERACTIVE',
      hint: expect.stringContaining('terminal of your own'),
    });
  });

  it.each([
    '',
    ' ',
    TOKEN.toLowerCase(),
    TOKEN.replace('-', ''),
    TOKEN.replace('-', ' '),
    `${TOKEN} `,
    ` ${TOKEN}`,
    'APPLY',
    'yes',
    TOKEN.replace('0', 'O'),
  ])('does not take %j for the token, three times', async (wrong) => {
    const { error, asked, events } = await refused([types(wrong), types(wrong), types(wrong)]);
    expect(error.data).toEqual({ reason: 'wrong-token' });
    expect(asked).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'warning')).toEqual([
      { type: 'warning', text: 'that is not the token; 2 tries are left' },
      { type: 'warning', text: 'that is not the token; one try is left' },
    ]);
  });

  it('takes the token at the third try', async () => {
    const { terminal, run } = setUp([types('x'), types('y'), types(TOKEN), types('APPLY')]);
    await run();
    expect(terminal.asked).toHaveLength(4);
  });

  it.each(['apply', 'Apply', 'APPLY ', ' APPLY', '', 'yes', TOKEN])(
    'takes %j for no APPLY, and asks only once',
    async (wrong) => {
      const { error, asked } = await refused([types(TOKEN), types(wrong), types('APPLY')]);
      expect(error.data).toEqual({ reason: 'wrong-word' });
      expect(asked).toHaveLength(2);
    },
  );

  it('refuses what was pasted, at either prompt', async () => {
    for (const before of [[], [types(TOKEN)]]) {
      const { error, asked } = await refused([...before, { answer: { is: 'pasted' } }, types(TOKEN)]);
      expect(error.data).toEqual({ reason: 'pasted' });
      expect(asked).toHaveLength(before.length + 1);
    }
  });

  it('declines quietly', async () => {
    for (const before of [[], [types(TOKEN)]]) {
      const { error } = await refused([...before, { answer: { is: 'cancelled' }, after: 400_000 }]);
      expect(error.data).toEqual({ reason: 'cancelled' });
      expect(error.hint).toBe('');
      expect(error.exitCode).toBe(4);
    }
  });

  it.each<[string, readonly Act[]]>([
    ['the terminal says so', [{ answer: { is: 'timeout' }, after: 300_000 }]],
    ['the terminal says so before the clock does', [{ answer: { is: 'timeout' }, after: 10 }]],
    ['the token comes too late', [types(TOKEN, 300_000)]],
    ['the token is right in time and APPLY is not', [types(TOKEN, 299_999), types('APPLY', 1)]],
    ['wrong tokens used the time up', [types('x', 200_000), types(TOKEN, 100_000)]],
    ['a paste comes too late', [{ answer: { is: 'pasted' }, after: 300_000 }]],
  ])('expires when %s', async (_how, script) => {
    const { error } = await refused(script);
    expect(error.data).toEqual({ reason: 'timeout' });
    expect(error.message).toContain('300 s');
  });

  it('takes an answer in the last millisecond', async () => {
    const { run } = setUp([types(TOKEN), types('APPLY', 299_999)]);
    await expect(run()).resolves.toBeUndefined();
  });

  it('does not live longer when the wall clock is set back', async () => {
    const { clock, run } = setUp([types(TOKEN, 1_000), types('APPLY', 299_500)]);
    const setBack = clock.pass.bind(clock);
    clock.pass = (ms) => {
      setBack(ms);
      clock.wall -= 3_600_000;
    };
    expect((await rejectedBy(run())).data).toEqual({ reason: 'timeout' });
  });

  it('does not live longer on a machine that slept, where the monotonic clock stood still', async () => {
    for (const [slept, reason] of [
      [302_000, 'timeout'],
      [290_000, null],
    ] as const) {
      const { clock, run } = setUp([types(TOKEN, 1_000), types('APPLY', 2_000)]);
      const pass = clock.pass.bind(clock);
      clock.pass = (ms) => {
        pass(ms);
        if (ms === 2_000) clock.wall += slept;
      };
      if (reason === null) await expect(run()).resolves.toBeUndefined();
      else expect((await rejectedBy(run())).data).toEqual({ reason });
    }
  });

  it('does not ask for APPLY when no time is left for it', async () => {
    const { clock, terminal, run } = setUp([types(TOKEN, 299_999), types('APPLY')]);
    const monotonic = clock.monotonic;
    let reads = 0;
    // The clock moves on between the token and the next prompt: reads are start, before, after, before.
    clock.monotonic = () => monotonic() + (++reads >= 4 ? 1 : 0);
    expect((await rejectedBy(run())).data).toEqual({ reason: 'timeout' });
    expect(terminal.asked).toHaveLength(1);
  });
});
