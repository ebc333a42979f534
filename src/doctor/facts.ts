/** What `govboot doctor` judges: facts of a machine, a repository and a cloud, each of which may be missing without the others. */
import type { Instant } from '../kernel/time.ts';
import type { CallerFacts, EnvironmentFacts, KeyFacts, PinFacts, Problem } from '../inputs/facts.ts';
import type { Parity } from '../inputs/parity.ts';
import type { Trust } from '../inputs/trust.ts';
import type { Finding } from '../gates/verdict.ts';

/** What became of one look. `left`: nobody looked, on purpose. */
export type Look<T> =
  | { readonly is: 'seen'; readonly value: T }
  | { readonly is: 'failed'; readonly problem: Problem & { readonly hint: string } }
  | { readonly is: 'left'; readonly why: string };

export interface ProgramSeen {
  readonly name: string;
  readonly path: string;
  /** null where it gave none. */
  readonly version: string | null;
}

export interface PlaceSeen {
  readonly path: string;
  readonly is: 'missing' | 'file' | 'folder' | 'other';
  readonly mode: number | null;
  readonly writable: boolean;
  readonly freeBytes: number | null;
}

export interface MachineFacts {
  readonly programs: Look<readonly ProgramSeen[]>;
  /** Version of the agent that runs, or null. */
  readonly agent: Look<string | null>;
  /** Why nobody can be asked at the terminal, or null. */
  readonly terminal: string | null;
  readonly environment: Look<EnvironmentFacts>;
  /** What should be for its owner alone. */
  readonly secrets: readonly { readonly what: string; readonly place: Look<PlaceSeen> }[];
}

export interface TrustFacts {
  readonly trust: Trust;
  readonly pin: PinFacts | null;
  /** Why nothing that counts is pinned, and what is wrong with the versions up to the present one. */
  readonly wrong: readonly Finding[];
  readonly keys: readonly KeyFacts[];
}

export interface RepositoryFacts {
  /** Its absolute path. */
  readonly root: Look<string>;
  readonly pins: Look<readonly PinFacts[]>;
  readonly pinsFile: Look<PlaceSeen>;
  readonly trust: Look<TrustFacts>;
  readonly policy: Look<Parity>;
  readonly evidence: Look<PlaceSeen>;
  /** When the newest record of any environment was made; null without one. */
  readonly lastRecord: Look<Instant | null>;
}

export interface CloudFacts {
  readonly clock: Look<{ readonly cloud: Instant; readonly here: Instant }>;
  /** Its region is the one of the operator's own settings. */
  readonly caller: Look<CallerFacts>;
}

export interface DoctorFacts {
  readonly now: Instant;
  /** The one that was asked for, or the only one of the policy. */
  readonly environment: string | null;
  readonly machine: MachineFacts;
  readonly repository: RepositoryFacts;
  readonly cloud: CloudFacts;
}

export type Section = 'machine' | 'repository' | 'cloud';

/** What is said of one thing. */
export interface Diagnosis {
  readonly section: Section;
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'wrong' | 'left';
  readonly text: string;
  /** The command that mends it; null where there is nothing to mend. */
  readonly mend: string | null;
}
