import { describe, expect, test } from 'vitest';
import {
  approverFinding,
  judgeApproval,
  LONGEST_WINDOW,
  windowFindings,
  type Approvable,
} from '../../../src/gates/approval.ts';
import { addSeconds, type Instant } from '../../../src/kernel/time.ts';
import type { SignatureFacts } from '../../../src/inputs/facts.ts';
import { parseTrust } from '../../../src/inputs/trust.ts';
import {
  broken,
  edited,
  fileOf,
  NOW,
  PRINTS,
  signatureBy,
  TRUST_YAML,
  type Who,
} from '../../harness/facts.ts';

const trustOf = (text: string) => parseTrust(fileOf('policies/trust.yaml', text));
const trust = trustOf(TRUST_YAML);
const twoOf = trustOf(edited(TRUST_YAML, 'approver: { default: 1 }', 'approver: { default: 2 }'));
const noneOf = trustOf(edited(TRUST_YAML, 'approver: { default: 1 }', 'approver: { default: 0 }'));

/** Made an hour ago, by Alice's wish; open for eight. */
const PLAN: Approvable = {
  file: '../plan.json',
  environment: 'dev',
  createdAt: addSeconds(NOW, -3600),
  expiresAt: addSeconds(NOW, 7 * 3600),
  requester: PRINTS.alice,
  intentExpires: addSeconds(NOW, 20 * 3600),
};

const signed = (who: Who, created: Instant = addSeconds(NOW, -60), name = who as string): SignatureFacts =>
  signatureBy(who, `../plan.json.${name}.asc`, { created });

const codes = (
  signatures: readonly SignatureFacts[],
  plan: Partial<Approvable> = {},
  who = trust,
  now = NOW,
) => judgeApproval({ ...PLAN, ...plan }, signatures, who, now).findings.map(({ code }) => code);

describe('an approval', () => {
  test('holds when enough people of the role signed within the window', () => {
    const { approvers, findings } = judgeApproval(PLAN, [signed('bob')], trust, NOW);
    expect(findings).toEqual([]);
    expect(approvers).toMatchObject([{ name: 'Bob', primary: PRINTS.bob, file: '../plan.json.bob.asc' }]);
    expect(codes([signed('bob'), signed('carol')], {}, twoOf)).toEqual([]);
  });

  test('needs one person also where the intent needs no approver', () => {
    expect(codes([], {}, noneOf)).toEqual(['SIG_MISSING']);
    expect(codes([signed('bob')], {}, noneOf)).toEqual([]);
  });

  test('needs as many as the trust file says for this environment', () => {
    const [few] = judgeApproval(PLAN, [signed('bob')], twoOf, NOW).findings;
    expect(few).toMatchObject({ code: 'THRESHOLD' });
    expect(few?.message).toBe('../plan.json: 1 of 2 people of role approver signed: Bob');
  });

  test('counts people and not signatures, nor file names, nor keys', () => {
    const twice = [signed('bob'), signed('bob', addSeconds(NOW, -30), 'carol')];
    expect(codes(twice, {}, twoOf)).toEqual(['THRESHOLD']);
    const bySubkey = signed('bob', addSeconds(NOW, -30), 'subkey');
    const says = {
      is: 'good',
      primary: PRINTS.bob,
      signingKey: PRINTS.eve,
      created: addSeconds(NOW, -30),
    } as const;
    const key = { ...bySubkey.key!, signingKeys: [PRINTS.bob, PRINTS.eve] };
    const shape =
      bySubkey.shape.is === 'ok'
        ? { ...bySubkey.shape, packet: { ...bySubkey.shape.packet, issuerFingerprint: PRINTS.eve } }
        : bySubkey.shape;
    const subkey = {
      ...bySubkey,
      key,
      shape,
      verifiers: bySubkey.verifiers.map((one) => ({ ...one, says })),
    };
    expect(codes([signed('bob'), subkey], {}, twoOf)).toEqual(['THRESHOLD']);
    expect(codes([subkey])).toEqual([]);
  });

  test.each<[string, readonly SignatureFacts[], readonly string[]]>([
    ['nobody', [], ['SIG_MISSING']],
    ['the requester', [signed('alice')], ['DUTY_SEPARATION']],
    ['the requester, beside one who may', [signed('bob'), signed('alice')], ['DUTY_SEPARATION']],
    ['somebody who is not listed', [signed('mallory')], ['SIGNER_NOT_ALLOWED']],
    ['a signature that is bad, beside a good one', [broken(signed('carol')), signed('bob')], ['SIG_BAD']],
    ['one that is older than the plan', [signed('bob', addSeconds(NOW, -3661))], ['APPROVAL_WINDOW']],
    ['one from the future', [signed('bob', addSeconds(NOW, 61))], ['SIG_FUTURE']],
  ])('refuses %s', (_what, signatures, wanted) => {
    expect(codes(signatures)).toEqual(wanted);
  });

  test('refuses the requester whatever roles they have', () => {
    expect(codes([signed('carol')], { requester: PRINTS.carol })).toEqual(['DUTY_SEPARATION']);
  });

  test('refuses a listed person without the role, for another environment, or not any more', () => {
    const only = trustOf(edited(TRUST_YAML, 'roles: [approver]', 'roles: [release]'));
    expect(codes([signed('bob')], {}, only)).toEqual(['SIGNER_ROLE']);
    const prod = trustOf(
      edited(TRUST_YAML, 'roles: [approver]', 'roles: [approver]\n    environments: [prod]'),
    );
    expect(codes([signed('bob')], {}, prod)).toEqual(['SIGNER_ROLE']);
    const gone = trustOf(
      TRUST_YAML.replace(
        /(name: Bob[^]*?)2027-01-01T00:00:00Z/,
        (_all, before: string) => `${before}2026-11-01T00:00:00Z`,
      ),
    );
    expect(codes([signed('bob')], {}, gone)).toEqual(['SIGNER_INACTIVE']);
  });

  test('allows what the clocks of two people may differ by, and no second more', () => {
    expect(codes([signed('bob', addSeconds(PLAN.createdAt, -60))])).toEqual([]);
    expect(codes([signed('bob', addSeconds(PLAN.createdAt, -61))])).toEqual(['APPROVAL_WINDOW']);
    // Signed by a clock that is ahead, in the last minute of the window.
    const last = addSeconds(PLAN.expiresAt, -1);
    expect(codes([signed('bob', last)], {}, trust, last)).toEqual([]);
    expect(codes([signed('bob', PLAN.expiresAt)], {}, trust, last)).toEqual(['APPROVAL_WINDOW']);
  });

  test('of a plan that is over counts nobody and says why', () => {
    const { findings } = judgeApproval(PLAN, [signed('bob')], trust, PLAN.expiresAt);
    expect(findings.map(({ message }) => message)).toEqual([
      `../plan.json: the plan ended at ${PLAN.expiresAt}, and it is ${PLAN.expiresAt}`,
    ]);
  });
});

describe('the window of a plan', () => {
  const wrong = (plan: Partial<Approvable>, now = NOW) =>
    windowFindings({ ...PLAN, ...plan }, now).map(({ code, message }) => `${code} ${message}`);

  test('is fine from the plan on, until before its end', () => {
    expect(wrong({})).toEqual([]);
    expect(wrong({}, addSeconds(PLAN.createdAt, -60))).toEqual([]);
    expect(wrong({}, addSeconds(PLAN.expiresAt, -1))).toEqual([]);
  });

  test.each<[string, Partial<Approvable>, Instant, RegExp]>([
    ['not begun', {}, addSeconds(PLAN.createdAt, -61), /was made at .*, and it is /],
    ['over', {}, PLAN.expiresAt, /ended at/],
    ['empty', { expiresAt: PLAN.createdAt }, addSeconds(PLAN.createdAt, -1), /ends at .*, and was made at /],
    [
      'longer than the intent',
      { intentExpires: addSeconds(PLAN.expiresAt, -1) },
      NOW,
      /after the intent, which ends at /,
    ],
    [
      'longer than a weekend',
      {
        expiresAt: addSeconds(PLAN.createdAt, LONGEST_WINDOW + 3600),
        intentExpires: addSeconds(NOW, 720 * 3600),
      },
      NOW,
      /lasts 73 h, and the most is 72 h/,
    ],
  ])('is refused when it is %s', (_what, plan, now, message) => {
    expect(wrong(plan, now)).toEqual([expect.stringMatching(message)]);
    expect(wrong(plan, now)[0]).toMatch(/^APPROVAL_WINDOW \.\.\/plan\.json: the plan /);
  });
});

describe('an approver, before they are asked', () => {
  const who = (one: Who) => ({ file: 'the key', primary: PRINTS[one] });

  test('may, or is told why not', () => {
    expect(approverFinding(who('bob'), PLAN, trust, NOW)).toBeNull();
    expect(approverFinding(who('alice'), PLAN, trust, NOW)?.code).toBe('DUTY_SEPARATION');
    expect(approverFinding(who('mallory'), PLAN, trust, NOW)?.code).toBe('SIGNER_NOT_ALLOWED');
  });
});
