/** A problem on its way out of nested reading; it becomes data again at the edge of this room. */
import type { Maybe, Problem } from '../inputs/facts.ts';
import type { Code } from '../kernel/codes.ts';

/** Stops a reading; caught by `maybe` and nowhere else. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(code: Code, wrong: string) {
    super(wrong);
    this.problem = { code, wrong };
  }
}

/** Runs a reading; a ProblemError becomes an answer, everything else is thrown on. */
export async function maybe<T>(reading: () => Promise<T>): Promise<Maybe<T>> {
  try {
    return { is: 'read', value: await reading() };
  } catch (error) {
    if (error instanceof ProblemError) return { is: 'problem', problem: error.problem };
    throw error;
  }
}

/** The code of a failed system call, such as ENOENT; '' for anything else. */
export function errno(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
