// This repository: pins, trust, keys and their ends, where evidence goes.
import { describe, expect, test } from 'vitest';
import type { Instant } from '../../../src/kernel/time.ts';
import { finding } from '../../../src/gates/verdict.ts';
import type { KeyFacts } from '../../../src/inputs/facts.ts';
import { pinOf, PRINTS } from '../../harness/facts.ts';
import { failed, keyOf, left, place, said, seen, trust, trustFacts } from './facts.ts';

const at = (text: string): Instant => text as Instant;
const withTrust = (more: Parameters<typeof trustFacts>[0]) => ({
  repository: { trust: seen(trustFacts(more)) },
});
const evidence = (more: Parameters<typeof place>[0]) => ({
  repository: { evidence: seen(place({ path: '/srv/r/evidence', is: 'folder', mode: 0o755, ...more })) },
});

test('a folder that is no repository is wrong, and the rest is not looked at', () => {
  const none = left('there is no governed repository here');
  const broken = {
    repository: {
      ...{ root: failed('/tmp is not the root of a git work tree', 'run it in /srv') },
      ...{ trust: none, policy: none, evidence: none, lastRecord: none },
    },
  };
  expect(said('repository', broken)).toMatchObject({ status: 'wrong', mend: 'run it in /srv' });
  for (const check of ['trust', 'policy', 'evidence', 'records'])
    expect(said(check, broken)).toEqual({
      status: 'left',
      text: 'there is no governed repository here',
      mend: null,
    });
});

describe('pins', () => {
  test('none is a warning, with the way to pin', () => {
    expect(said('pins', { repository: { pins: seen([]) } })).toMatchObject({
      status: 'warning',
      mend: expect.stringContaining('govboot trust pin'),
    });
  });

  test('a file that others may read is a warning', () => {
    expect(said('pins', { repository: { pinsFile: seen(place({ path: '/p.json', mode: 0o644 })) } })).toEqual(
      {
        status: 'warning',
        text: '/p.json is open to others (mode 0644)',
        mend: 'chmod 600 /p.json',
      },
    );
  });

  test('pins that cannot be read are wrong; several are counted', () => {
    expect(said('pins', { repository: { pins: failed('belongs to user 7') } }).status).toBe('wrong');
    expect(said('pins', { repository: { pins: seen([pinOf(), pinOf()]) } }).text).toContain('2 repositories');
    expect(said('pins', { repository: { pinsFile: seen(place({ mode: null })) } }).status).toBe('ok');
  });
});

describe('trust', () => {
  test('what is wrong with pin or versions is told with its own hint', () => {
    const wrong = [finding('TRUST_UNSIGNED', 'signed by 0 of 1', { hint: 'sign it' })];
    expect(said('trust', withTrust({ wrong }))).toEqual({
      status: 'wrong',
      text: 'signed by 0 of 1',
      mend: 'sign it',
    });
  });

  test('a pin that is behind is a warning', () => {
    expect(said('trust', withTrust({ pin: pinOf({ trustVersion: 2 }) }))).toEqual({
      status: 'warning',
      text: 'version 3 holds; version 2 is pinned here',
      mend: 'govboot trust update',
    });
  });

  test.each([
    ['2026-11-22T12:00:00Z', 'wrong'],
    ['2026-12-22T11:59:59Z', 'warning'],
    ['2026-12-22T12:00:00Z', 'ok'],
  ])('a list that ends at %s is %s', (expires, status) => {
    expect(said('trust expiry', withTrust({ trust: { ...trust, expires: at(expires) } })).status).toBe(
      status,
    );
  });

  test('an unreadable list is told once', () => {
    const broken = { repository: { trust: failed('YAML') } };
    expect(said('trust', broken).status).toBe('wrong');
    for (const check of ['trust expiry', 'keys'])
      expect(said(check, broken)).toMatchObject({ status: 'left', text: 'the trust file could not be read' });
  });
});

describe('keys', () => {
  const withRoot = (more: Partial<KeyFacts>) =>
    withTrust({
      keys: [keyOf(PRINTS.root, more), keyOf(PRINTS.alice), keyOf(PRINTS.bob), keyOf(PRINTS.carol)],
    });

  test('one that is not published is wrong', () => {
    const keys = [keyOf(PRINTS.root), keyOf(PRINTS.alice), keyOf(PRINTS.bob)];
    expect(said('keys', withTrust({ keys }))).toEqual({
      status: 'wrong',
      text: `the key of Carol ${PRINTS.carol.slice(-16)} is not in policies/keys`,
      mend: `gpg --armor --export ${PRINTS.carol} > policies/keys/${PRINTS.carol}.asc`,
    });
  });

  test('one that is revoked is wrong', () => {
    expect(said('keys', withRoot({ revoked: { kind: 'hard', reason: 'compromised' } }))).toMatchObject({
      status: 'wrong',
      text: expect.stringContaining('revoked: compromised'),
    });
  });

  test.each([
    ['2026-12-01T00:00:00Z', 'warning'],
    ['2026-11-01T00:00:00Z', 'wrong'],
    ['2028-01-01T00:00:00Z', 'ok'],
  ])('one that ends at %s is %s', (expires, status) => {
    expect(said('keys', withRoot({ expires: at(expires) }))).toMatchObject({ status });
  });

  test('the last of the subkeys that sign decides, and never longer than the primary key', () => {
    const subkey = (fingerprint: string, expires: string | null, revoked: KeyFacts['revoked'] = null) => ({
      ...{ fingerprint, algorithm: 'ed25519', bits: null, created: at('2026-01-01T00:00:00Z'), revoked },
      expires: expires === null ? null : at(expires),
    });
    const soon = subkey('A'.repeat(40), '2026-12-01T00:00:00Z');
    const later = subkey('B'.repeat(40), '2028-01-01T00:00:00Z');
    const gone = subkey('C'.repeat(40), null, { kind: 'soft', reason: 'retired' });
    const signs = (...subkeys: readonly (typeof soon)[]) => ({
      signingKeys: subkeys.map(({ fingerprint }) => fingerprint),
      subkeys,
    });
    expect(said('keys', withRoot(signs(soon))).status).toBe('warning');
    expect(said('keys', withRoot(signs(soon, later))).status).toBe('ok');
    expect(said('keys', withRoot(signs(soon, gone))).status).toBe('warning');
    expect(said('keys', withRoot(signs(gone)))).toMatchObject({
      status: 'wrong',
      text: expect.stringContaining('has no part that may sign'),
    });
    expect(said('keys', withRoot({ ...signs(later), expires: at('2026-12-01T00:00:00Z') })).status).toBe(
      'warning',
    );
  });

  test('what is wrong hides what is only near its end; of several each is told', () => {
    const keys = [
      keyOf(PRINTS.root, { expires: at('2026-12-01T00:00:00Z') }),
      keyOf(PRINTS.alice, { expires: at('2026-11-01T00:00:00Z') }),
      keyOf(PRINTS.bob, { revoked: { kind: 'soft', reason: 'retired' } }),
      keyOf(PRINTS.carol),
    ];
    const { status, text, mend } = said('keys', withTrust({ keys }));
    expect(status).toBe('wrong');
    expect(text).toMatch(/Alice .* expired at 2026-11-01T00:00:00Z; the key of Bob .* revoked/);
    expect(text).not.toContain('root');
    expect(mend).toContain('gpg --quick-set-expire');
    expect(mend).toContain('govboot trust next');
  });

  test('a person whose entry ends soon is told', () => {
    const people = trust.people.map((person) => ({ ...person, valid_until: at('2026-12-01T00:00:00Z') }));
    expect(said('keys', withTrust({ trust: { ...trust, people } }))).toMatchObject({
      status: 'warning',
      mend: '`govboot trust next`, set a later end, then `govboot trust sign`',
    });
  });
});

describe('evidence', () => {
  test('a folder that can be written, or made, is well, and its room is told', () => {
    expect(said('evidence', evidence({})).text).toContain('9.3 GiB are free');
    expect(said('evidence', evidence({ is: 'missing', freeBytes: null })).text).toBe(
      '/srv/r/evidence is not there yet, and can be made',
    );
  });

  test.each([
    [{ is: 'file' }, 'is no folder', 'move it away'],
    [{ is: 'other' }, 'is no folder', 'move it away'],
    [{ writable: false, mode: 0o555 }, 'cannot be written (mode 0555)', 'chmod u+w /srv/r/evidence'],
    [{ writable: false, mode: null }, 'cannot be written (mode 0000)', 'chmod u+w /srv/r/evidence'],
    [{ is: 'missing', writable: false }, 'could not be made', 'chmod u+w /srv/r'],
    [{ freeBytes: 1_048_576 }, '1 MiB are free', 'make room'],
  ] as const)('%j is wrong', (more, text, mend) => {
    const found = said('evidence', evidence(more));
    expect(found.status).toBe('wrong');
    expect(found.text).toContain(text);
    expect(found.mend).toContain(mend);
  });

  test('a clock before the newest record is wrong, as the gate says', () => {
    const lastRecord = seen(at('2026-11-22T12:00:01Z'));
    expect(said('records', { repository: { lastRecord } })).toMatchObject({
      status: 'wrong',
      mend: 'set the clock',
    });
    expect(said('records', { repository: { lastRecord: seen(null) } }).status).toBe('ok');
  });
});
