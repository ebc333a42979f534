/**
 * The calls of an apply as a graph, and its longest chain: how many round trips must follow one another. Pure.
 *
 * What depends on what is declared (docs/decisions/0017-what-waits-for-what.md), by phase, by the plan's own `after`, and by resource.
 * No time that was measured goes in, so that a program which waits for what it need not wait for has a long run and a short chain.
 */
import type { RecordedCall } from '../harness/call-recorder.ts';
import { aspectOf, resourceOf, type Step } from './subjects.ts';

export const PHASES = [
  'caller',
  'observe',
  'caller again',
  'observe again',
  'claim',
  'steps',
  'read back',
  'release',
] as const;
export type Phase = (typeof PHASES)[number];

/** look: before a write, or of a whole observation. check: what was written or made is read back by its own step. */
export type Part = 'look' | 'write' | 'check';

/** A recorded call in its place. */
export interface Placed {
  readonly call: RecordedCall;
  readonly phase: Phase;
  readonly part: Part;
  /** Resource id; empty for the caller. */
  readonly resource: string;
  /** Id of the step that it belongs to; null outside of the steps, and for reads that no step of the plan explains. */
  readonly step: string | null;
}

export interface Graph {
  readonly placed: readonly Placed[];
  /** Indices into `placed` of what each call waits for. */
  readonly after: readonly (readonly number[])[];
}

const WRITES = /:(?:Create|Put|Update|Tag|Enable|Add)/;
export const isWrite = ({ operation }: Pick<RecordedCall, 'operation'>): boolean => WRITES.test(operation);

/** Puts every call of a fresh apply, in the order in which they were asked, into its phase and step. @throws Error for what is no fresh apply */
export function place(calls: readonly RecordedCall[], steps: readonly Step[]): readonly Placed[] {
  const callers = calls.flatMap(({ operation }, i) => (operation === 'sts:GetCallerIdentity' ? [i] : []));
  const [first, second, ...more] = callers;
  const writes = calls.flatMap((call, i) => (isWrite(call) ? [i] : []));
  const [claim] = writes;
  const release = writes.at(-1);
  const lastWrite = writes.at(-2);
  if (first !== 0 || second === undefined || more.length > 0)
    throw new Error(`the caller was asked ${String(callers.length)} times, not twice`);
  if (claim === undefined || release === undefined || lastWrite === undefined || claim < second)
    throw new Error('these calls have no claim, steps and release');
  if (calls[claim]?.operation !== 'iam:CreateRole' || calls[release]?.operation !== 'iam:TagRole')
    throw new Error('the first write is not the claim, or the last one not its release');
  const releaseLook = calls.findLastIndex(
    ({ operation, subject }, i) =>
      i < release && operation === 'iam:ListRoleTags' && subject === calls[release]?.subject,
  );
  const readBack = lastOfEach(calls, lastWrite + 1, releaseLook);
  const phaseOf = (i: number): Phase => {
    if (i === first) return 'caller';
    if (i < second) return 'observe';
    if (i === second) return 'caller again';
    if (i < claim) return 'observe again';
    if (i === claim) return 'claim';
    if (i === release || i === releaseLook) return 'release';
    return readBack.has(i) ? 'read back' : 'steps';
  };
  // The claim has made the operator role already.
  const begun = new Set([`create/${resourceOf(calls[claim], steps)}`]);
  return calls.map((call, i) => {
    const phase = phaseOf(i);
    const resource = resourceOf(call, steps);
    const step = phase === 'steps' ? stepOf(call, resource, steps, begun) : null;
    if (isWrite(call) && step !== null) begun.add(step);
    const part = isWrite(call) ? 'write' : step !== null && begun.has(step) ? 'check' : 'look';
    return { call, phase, part, resource, step };
  });
}

/** After the last step the observation asks each of its questions once; what was asked before it is the read-back of a step. */
function lastOfEach(calls: readonly RecordedCall[], from: number, to: number): ReadonlySet<number> {
  const last = new Map<string, number>();
  for (let i = from; i < to; i++) last.set(`${calls[i]?.operation ?? ''} ${calls[i]?.subject ?? ''}`, i);
  return new Set(last.values());
}

/** A setting by its operation; anything else that is asked of a resource belongs to its making. */
function stepOf(
  call: RecordedCall,
  resource: string,
  steps: readonly Step[],
  begun: ReadonlySet<string>,
): string | null {
  const has = (id: string): boolean => steps.some((step) => step.id === id);
  const create = `create/${resource}`;
  const set = `set/${resource}.${aspectOf(call.operation) ?? ''}`;
  if (has(set) && (begun.has(create) || !has(create))) return set;
  return has(create) ? create : null;
}

/** What each call waits for. */
export function graphOf(placed: readonly Placed[], steps: readonly Step[]): Graph {
  const all = (phase: Phase): readonly number[] =>
    placed.flatMap((each, i) => (each.phase === phase ? [i] : []));
  const writes = all('steps').filter((i) => placed[i]?.part === 'write');
  const writesOf = (step: string): readonly number[] => writes.filter((i) => placed[i]?.step === step);
  // A step that wrote nothing, because the claim or somebody before had, passes on what it comes after.
  const written = (step: string): readonly number[] => {
    const own = writesOf(step);
    return own.length > 0 ? own : (steps.find(({ id }) => id === step)?.after ?? []).flatMap(written);
  };
  const before: Readonly<Record<Phase, readonly number[]>> = {
    caller: [],
    observe: all('caller'),
    'caller again': all('observe'),
    'observe again': all('caller again'),
    claim: all('observe again'),
    steps: all('claim'),
    'read back': [...all('claim'), ...writes],
    release: all('read back'),
  };
  const after = placed.map((each, i): readonly number[] => {
    const base = before[each.phase];
    switch (each.phase) {
      case 'observe':
      case 'observe again':
      case 'read back':
        return [...base, ...firstQuestion(placed, i)];
      case 'steps':
        return [...base, ...afterInSteps(placed, i, steps, written)];
      case 'release':
        return [...base, ...(each.part === 'write' ? all('release').filter((j) => j !== i) : [])];
      default:
        return base;
    }
  });
  return { placed, after };
}

/** Whether a resource is there is asked first, by its name; everything else of it is asked only then. */
const EXISTENCE: Readonly<Record<string, string>> = {
  s3: 's3:HeadBucket',
  kms: 'kms:DescribeKey',
  dynamodb: 'dynamodb:DescribeTable',
  iam: 'iam:ListRoleTags',
};

function firstQuestion(placed: readonly Placed[], i: number): readonly number[] {
  const one = placed[i];
  if (one === undefined || one.resource === '' || one.call.operation === 'kms:ListKeys') return [];
  const same = placed.flatMap((each, j) =>
    each.phase === one.phase && each.resource === one.resource ? [j] : [],
  );
  const service = one.call.operation.split(':')[0] ?? '';
  const [asked] = same.filter((j) => placed[j]?.call.operation === EXISTENCE[service]);
  if (asked === undefined || asked === i) return [];
  // Without an alias the key is found in the list of all.
  const listed = same.filter((j) => placed[j]?.call.operation === 'kms:ListKeys');
  const isAbsent = (placed[asked]?.call.status ?? 0) >= 400;
  return isAbsent ? [asked, ...listed] : [asked];
}

function afterInSteps(
  placed: readonly Placed[],
  i: number,
  steps: readonly Step[],
  written: (step: string) => readonly number[],
): readonly number[] {
  const one = placed[i];
  const step = steps.find(({ id }) => id === one?.step);
  if (one === undefined || step === undefined) return [];
  const create = `create/${one.resource}`;
  switch (one.part) {
    case 'write':
      return [
        ...step.after.flatMap(written),
        ...placed.flatMap((each, j) => (each.step === step.id && each.part === 'look' ? [j] : [])),
      ];
    case 'check':
      return written(step.id);
    case 'look':
      // A setting can be looked at once its resource is there. Nothing refuses a second key, so that look is the last thing before it.
      if (step.id === create) return step.id === 'create/state-key' ? step.after.flatMap(written) : [];
      return written(create);
  }
}

/** Indices of the longest chain, first to last: of several the one that ends first. @throws Error for a circle */
export function longestChain({ placed, after }: Graph): readonly number[] {
  const depth = new Map<number, number>();
  const open = new Set<number>();
  const depthOf = (i: number): number => {
    const known = depth.get(i);
    if (known !== undefined) return known;
    if (open.has(i)) throw new Error(`calls wait for each other: ${placed[i]?.call.operation ?? ''}`);
    open.add(i);
    const found = 1 + Math.max(0, ...(after[i] ?? []).map(depthOf));
    open.delete(i);
    depth.set(i, found);
    return found;
  };
  const all = placed.map((_each, i) => i);
  const longest = Math.max(0, ...all.map(depthOf));
  const chain: number[] = [];
  let at = all.find((i) => depthOf(i) === longest);
  while (at !== undefined) {
    chain.unshift(at);
    const here = at;
    at = (after[here] ?? []).find((j) => depthOf(j) === depthOf(here) - 1);
  }
  return chain;
}
