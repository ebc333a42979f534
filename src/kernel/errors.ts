/** The one error type. Everything thrown on purpose is a GovbootError; anything else that reaches main is a bug. */
import { CODES, type Code } from './codes.ts';
import { EXITS } from './exit.ts';
import type { Json } from './json.ts';

export interface ErrorDetail {
  /** The next thing to do; defaults to the remedy of the code. */
  readonly hint?: string;
  /** What a program needs to handle it: the wrong value, the file, the resource. Never a secret. */
  readonly data?: Readonly<Record<string, Json>>;
  readonly cause?: unknown;
}

export class GovbootError extends Error {
  override readonly name = 'GovbootError';
  readonly code: Code;
  readonly hint: string;
  readonly data: Readonly<Record<string, Json>>;

  /** @param message lower case, no full stop, with the wrong value in it */
  constructor(code: Code, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint ?? CODES[code].remedy;
    this.data = detail.data ?? {};
  }

  get exitCode(): number {
    return EXITS[CODES[this.code].exit].code;
  }
}

export function isGovbootError(error: unknown): error is GovbootError {
  return error instanceof GovbootError;
}

/** What `read` answers, or what `refused` makes of the GovbootError that it threw. Anything else that is thrown is a bug, and passes. */
export function attempt<T, U>(read: () => T, refused: (error: GovbootError) => U): T | U {
  try {
    return read();
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    return refused(error);
  }
}

/** The message of anything thrown, in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
