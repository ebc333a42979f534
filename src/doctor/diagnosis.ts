/** How a diagnosis is made. Its text may hold what came from outside, so it is made safe here, once. */
import { safe } from '../kernel/text.ts';
import type { Finding } from '../gates/verdict.ts';
import type { Diagnosis, Look, Section } from './facts.ts';

export type Verdict = Pick<Diagnosis, 'status' | 'text' | 'mend'>;

export const ok = (text: string): Verdict => ({ status: 'ok', text, mend: null });
export const left = (why: string): Verdict => ({ status: 'left', text: why, mend: null });
export const warning = (text: string, mend: string): Verdict => ({ status: 'warning', text, mend });
export const wrong = (text: string, mend: string): Verdict => ({ status: 'wrong', text, mend });
export const wrongBy = ({ message, hint }: Pick<Finding, 'message' | 'hint'>): Verdict =>
  wrong(message, hint);

/** The verdict of what was seen. What could not be looked at is wrong unless `failed` says otherwise. */
export function judged<T>(
  look: Look<T>,
  verdict: (value: T) => Verdict,
  failed: (problem: Extract<Look<T>, { is: 'failed' }>['problem']) => Verdict = ({ wrong: what, hint }) =>
    wrong(what, hint),
): Verdict {
  switch (look.is) {
    case 'seen':
      return verdict(look.value);
    case 'failed':
      return failed(look.problem);
    case 'left':
      return left(look.why);
  }
}

export function valueOf<T>(look: Look<T>): T | null {
  return look.is === 'seen' ? look.value : null;
}

export function diagnosis(section: Section, check: string, { status, text, mend }: Verdict): Diagnosis {
  return { section, check, status, text: safe(text), mend: mend === null ? null : safe(mend) };
}
