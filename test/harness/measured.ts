/**
 * The calls that a real Terraform or OpenTofu was seen to make, as data: sorted, each once, and with placeholders for whatever
 * differs from one backend to the next. Measured by test/e2e/terraform.test.ts, judged by everything that has no Terraform.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalText } from '../../src/kernel/canonical.ts';
import type { Json } from '../../src/kernel/json.ts';
import type { Locking } from '../../src/inputs/parity.ts';
import type { Blueprint, RoleName } from '../../src/plan/blueprint.ts';
import type { Recorded } from './authz-proxy.ts';
import { projectRoot } from './capabilities.ts';
import type { Call } from './iam-judge.ts';

export interface MeasuredCall extends Call {
  readonly locking: Locking;
  readonly role: RoleName;
  /** The action for which AWS makes this call in the name of the caller; null for a request of the client. */
  readonly behind: string | null;
  readonly verdict: 'allowed' | 'denied';
}

/** What differs, by the placeholder that stands for it; the longer values first. */
type Names = readonly (readonly [placeholder: string, value: string])[];

type Backend = Pick<Blueprint, 'partition' | 'account' | 'region' | 'stateKey' | 'names'>;

function namesOf(b: Backend, keyArn: string): Names {
  return [
    ['{key}', keyArn],
    ['{bucket}', b.names.bucket],
    ['{table}', b.names.table],
    ['{state}', b.stateKey],
    ['{account}', b.account],
    ['{region}', b.region],
    ['arn:{partition}:', `arn:${b.partition}:`],
  ];
}

function replaced<T>(value: T, pairs: Names): T {
  let text = JSON.stringify(value);
  for (const [from, to] of pairs) text = text.replaceAll(from, to);
  return JSON.parse(text) as T;
}

/** Recorded calls in their canonical form. @throws when one of them could not be judged */
export function measuredOf(
  recorded: readonly Recorded[],
  locking: Locking,
  role: RoleName,
  b: Backend,
  keyArn: string,
): readonly MeasuredCall[] {
  const names = namesOf(b, keyArn).map(([placeholder, value]) => [value, placeholder] as const);
  return recorded.map(({ call, behind, verdict }) => {
    if (verdict.is === 'error') throw new Error(`${call.action} on ${call.resource}: ${verdict.why}`);
    return { locking, role, behind, verdict: verdict.is, ...replaced(call, names) };
  });
}

/** One call a line, so that a difference shows as a line. */
export function measuredText(calls: readonly MeasuredCall[]): string {
  const lines = [...new Set(calls.map((call) => canonicalText(call as unknown as Json)))].sort();
  return `[\n${lines.join(',\n')}\n]\n`;
}

const measuredFolder = join(projectRoot, 'test', 'fixtures', 'measured');

export function measuredFile(consumer: string, version: string): string {
  return join(measuredFolder, `${consumer}-${version}.json`);
}

/** What was measured, of every client and version, with its placeholders. */
export function measuredPatterns(): readonly MeasuredCall[] {
  return readdirSync(measuredFolder)
    .filter((name) => /^(terraform|tofu)-.*\.json$/.test(name))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(join(measuredFolder, name), 'utf8')) as MeasuredCall[]);
}

/** The same with the names of this backend filled in. */
export function measuredCalls(b: Backend, keyArn: string): readonly MeasuredCall[] {
  return measuredPatterns().map((call) => replaced(call, namesOf(b, keyArn)));
}
