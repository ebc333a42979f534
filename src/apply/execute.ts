/**
 * The loop over steps: what is ready runs side by side, each step journalled before and after. A step can begin once all that it comes
 * after is written; that those are read back meanwhile holds up nobody but the end of the run. When one fails, those that run are let
 * end and none is begun, so that the journal and the error say all that was done.
 */
import type { Code } from '../kernel/codes.ts';
import { GovbootError, isGovbootError, messageOf } from '../kernel/errors.ts';
import { inOrder } from '../plan/order.ts';
import type { Known } from '../plan/control.ts';
import { isChange, type ChangeStep, type Step } from '../plan/step.ts';
import type { Clock, Cloud, Emit, Performed, RunContext } from '../ports.ts';
import type { Journal } from './journal.ts';
import type { StepState } from './journal-state.ts';

export interface ExecuteDeps {
  readonly cloud: Pick<Cloud, 'perform' | 'lookAhead'>;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly journal: Journal;
  /** Asked before each step; once true, no other is begun. */
  readonly interrupted?: () => boolean;
}

export interface DoneStep {
  /** Id of the step. */
  readonly step: string;
  readonly requestIds: Performed['requestIds'];
  readonly retries: number;
  readonly ms: number;
}

export interface Execution {
  /** In the order in which they ended. */
  readonly done: readonly DoneStep[];
  /** What was known before, and every identifier learned. */
  readonly known: Known;
}

interface Failure {
  readonly step: string;
  readonly code: Code;
  readonly message: string;
  readonly hint: string | undefined;
  readonly cause: unknown;
}

/** Steps that write at the same time, at most; different resources only, as a resource's own are a chain. */
const SIDE_BY_SIDE = 8;

/**
 * Carries out the changes among `steps`.
 * @throws PLAN_REFUSED before anything is done, when a step is refused; INTERRUPTED; otherwise the code of the first step
 * that failed, with what was done, what failed and what was not begun in its data
 */
export async function execute(
  deps: ExecuteDeps,
  steps: readonly Step[],
  context: RunContext,
): Promise<Execution> {
  const refused = steps.filter((step) => step.kind === 'refuse');
  if (refused.length > 0)
    throw new GovbootError(
      'PLAN_REFUSED',
      `${refused.map(({ id }) => id).join(', ')} cannot be carried out`,
      { data: { refused: refused.map(({ id }) => id) } },
    );
  return new Loop(deps, inOrder(steps.filter(isChange)), context).run();
}

class Loop {
  private readonly deps: ExecuteDeps;
  private readonly context: RunContext;
  private readonly waiting: Map<string, ChangeStep>;
  /** Ids of steps that were begun and have not ended. */
  private readonly running = new Set<string>();
  /** Ids of steps whose write was accepted, ended or not: what comes after them can begin. */
  private readonly written = new Set<string>();
  /** Ids of steps that the cloud was told of before they began. */
  private readonly ahead = new Set<string>();
  private changed: () => void = () => undefined;
  private readonly done: DoneStep[] = [];
  private readonly failures: Failure[] = [];
  private known: Known;

  constructor(deps: ExecuteDeps, ordered: readonly ChangeStep[], context: RunContext) {
    this.deps = deps;
    this.context = context;
    this.waiting = new Map(ordered.map((step) => [step.id, step]));
    this.known = context.known;
  }

  async run(): Promise<Execution> {
    for (;;) {
      this.beginReady();
      if (this.running.size === 0) break;
      await new Promise<void>((resolve) => {
        this.changed = resolve;
      });
    }
    const [first] = this.failures;
    if (first !== undefined) throw this.failed(first);
    if (this.waiting.size > 0)
      throw new GovbootError('INTERRUPTED', `interrupted with ${String(this.waiting.size)} steps not begun`, {
        data: this.account(),
      });
    return { done: this.done, known: this.known };
  }

  private beginReady(): void {
    for (const step of this.waiting.values()) {
      if (this.isStopping()) return;
      if (this.writing() >= SIDE_BY_SIDE) break;
      if (!step.after.every((id) => this.written.has(id))) continue;
      this.waiting.delete(step.id);
      this.running.add(step.id);
      // one() never rejects: whatever goes wrong becomes a failure.
      void this.one(step).finally(() => {
        this.running.delete(step.id);
        this.changed();
      });
    }
    this.lookAhead();
  }

  private isStopping(): boolean {
    return this.failures.length > 0 || this.deps.interrupted?.() === true;
  }

  private writing(): number {
    return [...this.running].filter((id) => !this.written.has(id)).length;
  }

  /** What waits only for steps that are under way is next: the cloud can look at it while those are written. */
  private lookAhead(): void {
    for (const step of this.waiting.values()) {
      if (this.ahead.has(step.id)) continue;
      if (!step.after.every((id) => this.written.has(id) || this.running.has(id))) continue;
      this.ahead.add(step.id);
      this.deps.cloud.lookAhead?.(step, { ...this.context, known: this.known });
    }
  }

  private async one(step: ChangeStep): Promise<void> {
    const { cloud, clock, emit, journal } = this.deps;
    const began = clock.monotonic();
    const text = step.kind === 'set' ? `set ${step.control}` : `${step.kind} ${step.resource}: ${step.name}`;
    let performing = false;
    try {
      await journal.begin(step);
      emit({ type: 'progress', key: step.id, state: 'begin', text, ms: null });
      performing = true;
      const unsure = isOpen(journal.before?.steps.get(step.id));
      const onWritten = (known: Known): void => {
        this.wrote(step, known);
        emit({
          type: 'progress',
          key: step.id,
          state: 'waiting',
          text: `${text}: until it reads back`,
          ms: null,
        });
        this.changed();
      };
      const performed = await cloud.perform(step, { ...this.context, known: this.known, unsure }, onWritten);
      performing = false;
      const ms = clock.monotonic() - began;
      await journal.done(step, performed, ms);
      this.wrote(step, performed.known);
      this.done.push({ step: step.id, requestIds: performed.requestIds, retries: performed.retries, ms });
      emit({ type: 'progress', key: step.id, state: 'done', text: `${text}${again(performed.retries)}`, ms });
    } catch (error) {
      const ms = clock.monotonic() - began;
      // Told before the journal is: from here on no other step is begun.
      this.failures.push(failureOf(step, error));
      if (performing) await this.journalFailure(step, error, ms);
      emit({ type: 'progress', key: step.id, state: 'failed', text, ms });
    }
  }

  private wrote(step: ChangeStep, known: Known): void {
    this.known = { ...this.known, ...known };
    this.written.add(step.id);
  }

  /** A journal that cannot be written is a failure of its own, told beside the one that it should have held. */
  private async journalFailure(step: ChangeStep, error: unknown, ms: number): Promise<void> {
    try {
      await this.deps.journal.failed(step, failureOf(step, error), ms);
    } catch (journalError) {
      this.failures.push(failureOf(step, journalError));
    }
  }

  private failed(first: Failure): GovbootError {
    const counted = `${String(this.done.length)} steps done, ${String(this.failures.length)} failed, ${String(this.waiting.size)} not begun`;
    return new GovbootError(first.code, `${first.step}: ${first.message} (${counted})`, {
      data: this.account(),
      cause: first.cause,
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    });
  }

  private account(): Record<string, string[] | { step: string; code: Code; message: string }[]> {
    return {
      done: this.done.map(({ step }) => step),
      failed: this.failures.map(({ step, code, message }) => ({ step, code, message })),
      not_begun: [...this.waiting.keys()],
    };
  }
}

/** It was begun in an earlier sitting, and did not end well there: the cloud may have done it all the same. */
const isOpen = (before: StepState | undefined): boolean => before !== undefined && before.state !== 'done';

function again(retries: number): string {
  return retries === 0 ? '' : ` (tried again ${retries === 1 ? 'once' : `${String(retries)} times`})`;
}

/** What is not a GovbootError is a bug, but one in the middle of an apply: it is told as the failure of its step, cause kept. */
function failureOf(step: ChangeStep, error: unknown): Failure {
  const known = isGovbootError(error);
  return {
    step: step.id,
    code: known ? error.code : 'CLOUD_FAILED',
    message: messageOf(error),
    hint: known ? error.hint : undefined,
    cause: error,
  };
}
