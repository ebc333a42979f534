/**
 * Events: all that the inner rooms say. Reporters turn them into text for people or JSON for machines; nothing inside prints.
 * Payloads are plain data in display-neutral form, so that this room needs no other.
 */
import type { Code } from './codes.ts';
import type { Json } from './json.ts';

export interface FindingView {
  readonly code: Code;
  readonly message: string;
  readonly hint: string;
}

/** One row of a plan as it is shown. */
export interface PlanRow {
  readonly kind: 'create' | 'adopt' | 'set' | 'keep' | 'refuse';
  readonly resource: string;
  readonly name: string;
  /** Aspect of the resource; null for the resource itself. */
  readonly control: string | null;
  readonly title: string;
  readonly from: Json | null;
  readonly to: Json | null;
  /** Why it is refused. */
  readonly why: string | null;
}

export interface PlanView {
  readonly mode: 'LIVE' | 'REHEARSAL';
  readonly environment: string;
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  readonly caller: string;
  readonly endpoint: string | null;
  readonly tag: string;
  readonly commit: string;
  readonly intent: string;
  readonly action: string;
  readonly reason: string;
  readonly ticket: string;
  readonly requester: string;
  readonly signer: string;
  readonly digest: string;
  readonly expires: string;
  readonly rows: readonly PlanRow[];
  readonly counts: {
    readonly create: number;
    readonly adopt: number;
    readonly set: number;
    readonly keep: number;
    readonly refuse: number;
  };
}

export type Event =
  /** What is being done now; `key` groups start and end on a live display. */
  | {
      readonly type: 'progress';
      readonly key: string;
      readonly state: 'begin' | 'done' | 'failed' | 'waiting';
      readonly text: string;
      readonly ms: number | null;
    }
  | {
      readonly type: 'gate';
      readonly gate: string;
      readonly status: 'pass' | 'fail' | 'undefined' | 'error';
      readonly because: string;
      readonly findings: readonly FindingView[];
    }
  | { readonly type: 'plan'; readonly plan: PlanView }
  /** The two things to type; `word` says what they do: carry the plan out, or approve it. */
  | {
      readonly type: 'confirm';
      readonly token: string;
      readonly word: 'APPLY' | 'APPROVE';
      readonly expiresInSeconds: number;
    }
  /** One line of what `doctor`, `status` and `log` tell, on stdout: what was looked at, and how it is. */
  | {
      readonly type: 'row';
      /** The command that tells it. */
      readonly command: string;
      /** What it belongs to: `machine`, `repository`, `cloud`, or an environment as `dev`. */
      readonly section: string;
      /** Of what it is told; empty in the heading of a section. */
      readonly label: string;
      /** `left`: not looked at, and the text says why. `plain`: nothing is judged. */
      readonly status: 'ok' | 'warning' | 'wrong' | 'left' | 'plain';
      readonly text: string;
      /** What mends it, a command above all; null where there is nothing to mend. */
      readonly mend: string | null;
    }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'warning'; readonly text: string }
  | {
      readonly type: 'error';
      readonly code: Code;
      readonly message: string;
      readonly hint: string;
      readonly data: Readonly<Record<string, Json>>;
    }
  /** For the log file only: library and runtime warnings, calls, retries. */
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn';
      readonly text: string;
      readonly data: Readonly<Record<string, Json>>;
    }
  /** The result of a command: `lines` for people on stdout, `value` for machines. */
  | {
      readonly type: 'result';
      readonly command: string;
      readonly value: Json;
      readonly lines: readonly string[];
    };
