/** One look for itself: what fails in it is a fact, and silences no other look. */
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import type { Look } from '../doctor/facts.ts';

/** A bug in one look must not hide what the others saw; it is told as what it is. */
export async function look<T>(see: () => T | Promise<T>): Promise<Look<T>> {
  try {
    return { is: 'seen', value: await see() };
  } catch (error) {
    const { code, message, hint } = isGovbootError(error)
      ? error
      : new GovbootError('BUG', `unexpected: ${messageOf(error)}`);
    return { is: 'failed', problem: { code, wrong: message, hint } };
  }
}

export function unlooked(why: string): { readonly is: 'left'; readonly why: string } {
  return { is: 'left', why };
}
