import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/kernel/digest.ts';
import type { Instant } from '../../../src/kernel/time.ts';
import { digestOf, edited, INTENT_YAML, type FactsOverrides } from '../../harness/facts.ts';
import { refuses, verdictOn } from './asking.ts';

const LOCK = sha256('the lock in force');
const OTHER = sha256('another lock');
const lock = { sha256: LOCK, intentSha256: sha256('the first intent'), tag: 'v0.9', trustVersion: 1 };
const supersedes = (digest: string): string =>
  edited(
    edited(INTENT_YAML, 'action: create', 'action: supersede'),
    'supersedes: null',
    `supersedes: "${digest}"`,
  );
const unfinished = (intentText: string): FactsOverrides => ({
  ledger: {
    unfinished: {
      run: 'run-7',
      intentSha256: digestOf(intentText),
      since: '2026-11-22T09:00:00Z' as Instant,
    },
  },
});

test('passes where nothing is there', () => {
  expect(verdictOn('immutability', {})).toMatchObject({ status: 'pass', because: 'there is no lock' });
});

test('evidence that is not consistent refuses with its own code, and nothing else is judged', () => {
  const change: FactsOverrides = {
    ledger: {
      problems: [
        { code: 'EVIDENCE_INVALID', wrong: 'ledger/00000001.json: prev_sha256' },
        { code: 'FILE_UNSAFE', wrong: 'evidence is a link' },
      ],
    },
  };
  refuses('immutability', change, 'EVIDENCE_INVALID', 'FILE_UNSAFE');
  expect(verdictOn('immutability', change).checks).toEqual(['ledger']);
});

describe('clock', () => {
  test('earlier than the last entry', () => {
    const { message } = refuses(
      'immutability',
      { ledger: { lastTime: '2026-11-22T12:00:01Z' as Instant } },
      'CLOCK',
    );
    expect(message).toBe(
      'it is 2026-11-22T12:00:00Z on this machine, and the last ledger entry was made at 2026-11-22T12:00:01Z',
    );
  });

  test('at the same second', () => {
    expect(
      verdictOn('immutability', { ledger: { lastTime: '2026-11-22T12:00:00Z' as Instant } }).status,
    ).toBe('pass');
  });
});

describe('unfinished run', () => {
  test('refuses a new one, and says which to finish', () => {
    const { message, hint } = refuses('immutability', unfinished(INTENT_YAML), 'RECOVERY_REQUIRED');
    expect(message).toBe('run run-7, begun at 2026-11-22T09:00:00Z, did not finish');
    expect(hint).toBe('finish run run-7 with `govboot apply --resume`');
  });

  test('is resumed with the intent that it was begun with, and no other', () => {
    expect(verdictOn('immutability', { ...unfinished(INTENT_YAML), resume: true }).status).toBe('pass');
    const { message, hint } = refuses(
      'immutability',
      { ...unfinished('another intent'), resume: true },
      'RECOVERY_REQUIRED',
    );
    expect(message).toContain(digestOf('another intent'));
    expect(hint).toContain('resume run run-7 with the intent');
  });

  test('is left while the intent cannot be read', () => {
    const { status, because } = verdictOn('immutability', {
      ...unfinished('x: ['),
      resume: true,
      intent: 'x: [',
    });
    expect(status).toBe('undefined');
    expect(because).toContain('unfinished, lock (the intent could not be read)');
  });

  test('of a superseding intent is resumed over the old lock', () => {
    const intent = supersedes(LOCK);
    const { ledger } = unfinished(intent);
    expect(verdictOn('immutability', { ledger: { ...ledger, lock }, resume: true, intent }).status).toBe(
      'pass',
    );
  });

  test('none, and yet asked to resume', () => {
    refuses('immutability', { resume: true }, 'NOTHING_TO_RESUME');
  });
});

describe('lock', () => {
  test('refuses an intent that does not speak of it', () => {
    const { message } = refuses('immutability', { ledger: { lock } }, 'BACKEND_LOCKED');
    expect(message).toBe(`the backend is locked by ${LOCK}, made from tag v0.9`);
  });

  test('of this very intent passes, so that doing it again does nothing', () => {
    const own = { ...lock, intentSha256: digestOf(INTENT_YAML) };
    expect(verdictOn('immutability', { ledger: { lock: own } })).toMatchObject({
      status: 'pass',
      because: `lock ${LOCK} was made by this very intent`,
    });
  });

  test('is superseded by its digest', () => {
    expect(verdictOn('immutability', { ledger: { lock }, intent: supersedes(LOCK) })).toMatchObject({
      status: 'pass',
      because: `the intent supersedes lock ${LOCK} of tag v0.9`,
    });
    const { message } = refuses(
      'immutability',
      { ledger: { lock }, intent: supersedes(OTHER) },
      'LOCK_SUPERSEDES',
    );
    expect(message).toBe(`the intent names lock ${OTHER}, and the lock in force is ${LOCK}`);
  });

  test('is not there, and yet superseded', () => {
    const { message, hint } = refuses('immutability', { intent: supersedes(LOCK) }, 'LOCK_SUPERSEDES');
    expect(message).toBe(`the intent names lock ${LOCK}, and there is none`);
    expect(hint).toContain('action create');
  });

  test('is left while the intent cannot be read', () => {
    for (const ledger of [{}, { lock }])
      expect(verdictOn('immutability', { ledger, intent: 'x' })).toMatchObject({
        status: 'undefined',
        because: 'not judged: lock (the intent could not be read)',
      });
  });
});
