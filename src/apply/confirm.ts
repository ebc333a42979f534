/**
 * A person at the terminal types the token of this very plan, then a word: APPLY to carry it out, APPROVE to sign that others may.
 * There is no option, variable or pipe that answers instead. Both clocks must agree that there is time left: setting the wall clock
 * back revives nothing, because the monotonic one goes on; and a machine that slept, whose monotonic clock may have stood still, is
 * caught by the other.
 */
import { GovbootError } from '../kernel/errors.ts';
import { msOf } from '../kernel/time.ts';
import type { Answer, Clock, Emit, Terminal } from '../ports.ts';

export interface ConfirmDeps {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** How often the token may be mistyped; the word may not. */
const TOKEN_TRIES = 3;

/** What each word does, as the prompt says it. */
const DOES = { APPLY: 'begin', APPROVE: 'sign' } as const;
export type Word = keyof typeof DOES;

/** Why it was not given; in the data of the error, for the ledger. */
type DeclineReason = 'cancelled' | 'timeout' | 'pasted' | 'wrong-token' | 'wrong-word';

/**
 * Returns when the plan of `token` was confirmed, and throws in every other case.
 * @param token as shown and as it must be typed, dash and case included
 * @throws NOT_INTERACTIVE when nobody can be asked, CONFIRM when the answer is anything but what was asked for
 */
export async function confirm(
  deps: ConfirmDeps,
  token: string,
  { word, expiresInSeconds }: { readonly word: Word; readonly expiresInSeconds: number },
): Promise<void> {
  const unusable = deps.terminal.unusable();
  if (unusable !== null)
    throw new GovbootError('NOT_INTERACTIVE', unusable, {
      // Who cannot be asked to apply can have the plan approved; who cannot be asked to approve cannot approve.
      ...(word === 'APPROVE'
        ? { hint: 'approve it at a terminal of your own; nothing answers for you' }
        : {}),
      data: { reason: unusable },
    });
  const timeLeft = timeFrom(deps.clock, expiresInSeconds);
  deps.emit({ type: 'confirm', token, word, expiresInSeconds });
  const ask = (text: string): Promise<string> => typed(deps, text, timeLeft, expiresInSeconds);

  for (let left = TOKEN_TRIES - 1; (await ask('Token: ')) !== token; left--) {
    if (left === 0) throw declined('wrong-token', `the token was mistyped ${String(TOKEN_TRIES)} times`);
    deps.emit({
      type: 'warning',
      text: `that is not the token; ${left === 1 ? 'one try is' : `${String(left)} tries are`} left`,
    });
  }
  if ((await ask(`Type ${word} to ${DOES[word]}: `)) !== word)
    throw declined('wrong-word', `the word was not ${word}`);
}

/** Milliseconds that are left of so many seconds from now, by the clock that has gone further. */
function timeFrom(clock: Clock, seconds: number): () => number {
  const monotonic = clock.monotonic();
  const wall = msOf(clock.now());
  // The wall clock has whole seconds here, so it may seem up to one ahead.
  return () =>
    Math.min(monotonic + seconds * 1000 - clock.monotonic(), wall + (seconds + 1) * 1000 - msOf(clock.now()));
}

/** One line from the terminal, exactly as typed. @throws CONFIRM for every other answer, and for one that came too late */
async function typed(
  { terminal }: ConfirmDeps,
  text: string,
  timeLeft: () => number,
  seconds: number,
): Promise<string> {
  const late = (): GovbootError => declined('timeout', `the confirmation expired after ${String(seconds)} s`);
  const timeoutMs = timeLeft();
  if (timeoutMs <= 0) throw late();
  const answer: Answer = await terminal.ask({ text, timeoutMs });
  // The terminal's own timer is not trusted: a machine that slept may deliver an old answer.
  if (answer.is !== 'cancelled' && timeLeft() <= 0) throw late();
  switch (answer.is) {
    case 'typed':
      return answer.text;
    case 'pasted':
      throw declined('pasted', 'the answer was pasted, not typed');
    case 'timeout':
      throw late();
    case 'cancelled':
      throw declined('cancelled', 'declined');
  }
}

/** Declining on purpose needs no advice. */
function declined(reason: DeclineReason, message: string): GovbootError {
  return new GovbootError('CONFIRM', message, {
    data: { reason },
    ...(reason === 'cancelled' ? { hint: '' } : {}),
  });
}
