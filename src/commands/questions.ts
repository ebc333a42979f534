/** Questions at a terminal, each with a line that says what the answer is for. Never a confirmation: nothing that is answered here touches a cloud. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { Choice, Ports } from '../ports.ts';

export type Asking = Pick<Ports, 'emit' | 'wizard'>;

export interface Question<T> {
  /** What it is for, and what happens with it. */
  readonly about: string;
  readonly message: string;
  readonly initial?: string | null;
  /** @throws GovbootError saying what is wrong with the answer, which is then asked for again */
  readonly read: (text: string) => T;
}

export async function askFor<T>(ports: Asking, { about, message, initial, read }: Question<T>): Promise<T> {
  tell(ports, about);
  const text = await ports.wizard.ask({
    message,
    ...(initial === undefined || initial === null || initial === '' ? {} : { initial }),
    problem: (given) => problemWith(read, given),
  });
  return read(text);
}

export async function chooseFrom(
  ports: Asking,
  question: {
    readonly about: string;
    readonly message: string;
    readonly choices: readonly Choice[];
    readonly initial?: string;
  },
): Promise<string> {
  const { about, ...rest } = question;
  tell(ports, about);
  return ports.wizard.choose(rest);
}

/** @throws INTERRUPTED unless the answer is yes */
export async function askToWrite(ports: Asking, about: string, message: string): Promise<void> {
  const answer = await chooseFrom(ports, {
    about,
    message,
    choices: [
      { value: 'yes', text: 'yes, write it' },
      { value: 'no', text: 'no, write nothing' },
    ],
    initial: 'yes',
  });
  if (answer !== 'yes')
    throw new GovbootError('INTERRUPTED', 'the answer was no', { hint: 'nothing was written; run it again' });
}

/** A blank line first: a question, its meaning and its answer are read as one. */
function tell({ emit }: Asking, text: string): void {
  emit({ type: 'note', text: '' });
  emit({ type: 'note', text });
}

/** What is wrong with an answer, in the words of whoever reads it. */
function problemWith(read: (text: string) => unknown, text: string): string | null {
  try {
    read(text);
    return null;
  } catch (error) {
    if (isGovbootError(error)) return error.message;
    throw error;
  }
}
