/** The shape of a command: its options as plain data, and one function over the ports. One file a command. */
import type { IntentAction } from '../inputs/intent-action.ts';
import type { Ports } from '../ports.ts';
import type { AskedPlace } from '../street/vault-place.ts';

/** A command without options of its own. */
export type NoOptions = Readonly<Record<string, never>>;

export interface CommandOptions {
  readonly init: {
    readonly dir: string;
    readonly organisation: string | null;
    readonly environments: readonly string[];
    readonly roots: readonly string[];
    readonly people: readonly string[];
    readonly keyFiles: readonly string[];
    /** null: both, or as the backend that is there already does it. */
    readonly locking: 'table' | 'lockfile' | 'both' | null;
    readonly rootThreshold: string | null;
    readonly approvers: string | null;
    readonly github: string | null;
    readonly githubIds: string | null;
    readonly gitlab: string | null;
    /** A file or folder with the backend block of Terraform. */
    readonly fromBackend: string | null;
    readonly evidenceStore: string | null;
  };
  readonly 'trust pin': { readonly roots: readonly string[]; readonly threshold: string | null };
  readonly 'trust show': NoOptions;
  readonly 'trust sign': NoOptions;
  readonly 'trust next': NoOptions;
  readonly 'trust update': NoOptions;
  readonly 'intent new': {
    /** null is asked for, as everything that is null. */
    readonly environment: string | null;
    readonly reason: string | null;
    readonly ticket: string | null;
    readonly tag: string | null;
    readonly region: string | null;
    readonly requester: string | null;
    readonly hours: string | null;
    readonly action: IntentAction | null;
    readonly endpoint: string | null;
    readonly out: string | null;
    readonly rehearse: boolean;
  };
  readonly 'intent sign': { readonly file: string };
  readonly 'intent check': { readonly file: string };
  readonly check:
    | { readonly environment: string; readonly intent: string; readonly rehearse: boolean }
    /** A code, in whatever case. */
    | { readonly explain: string };
  readonly plan: {
    readonly environment: string;
    readonly intent: string;
    readonly resume: boolean;
    /** Where to write it, to be approved; null only shows it. */
    readonly out: string | null;
    readonly hours: string | null;
    readonly rehearse: boolean;
  };
  readonly approve: { readonly file: string; readonly rehearse: boolean };
  readonly apply: {
    readonly environment: string;
    readonly intent: string;
    readonly resume: boolean;
    /** Signatures over one plan, each beside it; none asks at the terminal. */
    readonly approvals: readonly string[];
    readonly rehearse: boolean;
  };
  readonly verify: {
    /** null only with `from`: then whichever it is of. */
    readonly environment: string | null;
    /** A folder or an archive outside of a repository; null verifies that of the repository. */
    readonly from: string | null;
    /** A document of `prove`, which is judged alone; null verifies evidence. */
    readonly proof: string | null;
    readonly anchor: string | null;
    /** Files of certificates and of public keys: whose time stamps and attestations are believed. */
    readonly tsa?: string;
    readonly attestor?: string;
    /** A store that is asked too: null is none, and one without a name the environment's own. */
    readonly store?: AskedPlace | null;
    readonly rehearse: boolean;
  };
  readonly 'evidence push': {
    readonly environment: string;
    readonly to: AskedPlace;
    readonly rehearse: boolean;
  };
  readonly 'evidence pull': {
    readonly environment: string;
    readonly from: AskedPlace;
    readonly to: string;
    /** Files of receipts that were kept elsewhere. */
    readonly receipts: readonly string[];
    readonly rehearse: boolean;
  };
  readonly 'evidence status': {
    readonly environment: string;
    readonly store: AskedPlace;
    readonly rehearse: boolean;
  };
  readonly 'evidence stamp': {
    readonly environment: string;
    readonly out: string;
    readonly rehearse: boolean;
  };
  readonly 'evidence statement': {
    readonly environment: string;
    /** null prints it. */
    readonly out: string | null;
    /** As it is to be signed, instead of as it is read. */
    readonly pae: boolean;
    readonly rehearse: boolean;
  };
  readonly 'evidence attach': {
    readonly environment: string;
    readonly file: string;
    readonly by:
      | { readonly is: 'authority'; readonly tsa: string; readonly request: string | null }
      | { readonly is: 'attestor'; readonly attestor: string };
    readonly rehearse: boolean;
  };
  readonly drift: {
    /** null: the only one of the policy, or, with `all`, every one. */
    readonly environment: string | null;
    readonly all: boolean;
    readonly watch: boolean;
    /** Seconds, as given. */
    readonly every: string | null;
    /** Of the AWS configuration, with `{environment}` in it. */
    readonly profile: string | null;
    readonly rehearse: boolean;
  };
  readonly prove: {
    readonly environment: string;
    /** At least one of the two is there. */
    readonly entry: number | null;
    readonly since: string | null;
    /** null prints it. */
    readonly out: string | null;
    readonly rehearse: boolean;
  };
  readonly 'backend render': {
    readonly environment: string;
    readonly format: 'tf' | 'hcl';
    readonly out: string | null;
    readonly rehearse: boolean;
  };
  readonly doctor: { readonly environment: string | null; readonly offline: boolean };
  /** Every environment of the policy when none is named. */
  readonly status: { readonly environment: string | null; readonly rehearse: boolean };
  readonly log: { readonly environment: string | null; readonly rehearse: boolean };
  readonly show: {
    readonly environment: string;
    /** Number of an entry, or the beginning of a run's id; null is the lock in force. */
    readonly record: string | null;
    /** Its path, parted by dots; null is all of it. */
    readonly field: string | null;
    readonly rehearse: boolean;
  };
  readonly completion: { readonly shell: 'bash' | 'zsh' | 'fish' };
}

export type CommandName = keyof CommandOptions;

/** @returns nothing: results go through `ports.emit`, failures are thrown */
export type CommandRun<N extends CommandName> = (ports: Ports, options: CommandOptions[N]) => Promise<void>;
