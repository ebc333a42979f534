/** The claim: who comes first, who comes second, and who comes after somebody who died. */
import { describe, expect, it } from 'vitest';
import { makeAwsCloud } from '../../../../src/cloud/aws/cloud.ts';
import { claimText, parseClaim } from '../../../../src/cloud/aws/claims.ts';
import type { Instant } from '../../../../src/kernel/time.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { fakeApi, fakeClock, fault } from './fake-api.ts';

const b = exampleBlueprint();
const NOON = '2026-11-22T12:00:00Z' as Instant;
const at = (time: string): Instant => `2026-11-22T${time}Z` as Instant;

/** An account with, or without, the operator role; `meddle` runs after each TagRole. */
function account(
  tags: Record<string, string> | null,
  meddle: (tags: Record<string, string>) => void = () => undefined,
) {
  const role = { tags };
  const list = (): { Key: string; Value: string }[] => {
    if (role.tags === null) throw fault('iam:ListRoleTags', 'absent', 'NoSuchEntity', 404);
    return Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value }));
  };
  const merge = (
    more: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  ): void => {
    role.tags = {
      ...role.tags,
      ...Object.fromEntries((more ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    };
  };
  const api = fakeApi({
    'iam:CreateRole': ({ Tags }) => {
      if (role.tags !== null) throw fault('iam:CreateRole', 'exists', 'EntityAlreadyExists', 409);
      merge(Tags);
      return {};
    },
    'iam:ListRoleTags': () => ({ Tags: list() }),
    'iam:TagRole': ({ Tags }) => {
      merge(Tags);
      meddle(role.tags ?? {});
      return {};
    },
  });
  const open = () => makeAwsCloud({ api, clock: fakeClock(), account: b.account, region: b.region }).claims;
  return { role, api, open };
}

const run = (id: string, ...knownRuns: readonly string[]) => ({
  run: id,
  blueprint: b,
  known: {},
  knownRuns: new Set(knownRuns),
});
const claimed = (value: string): Record<string, string> => ({ ...b.tags, 'govboot:claim': value });

describe('taking the claim', () => {
  it('makes the role, with everything it needs, as the first write', async () => {
    const { role, api, open } = account(null);
    await expect(open().take(run('run-1'), 'Alice <alice@acme.example>', NOON)).resolves.toEqual({
      is: 'held',
      requestIds: [{ call: 'iam:CreateRole', id: 'r1' }],
    });
    expect(role.tags).toEqual({
      ...b.tags,
      'govboot:run': 'run-1',
      'govboot:claim': 'run-1 2026-11-22T12:00:00Z Alice _alice@acme.example_',
    });
    const input = api.calls[0]?.input as { AssumeRolePolicyDocument: string };
    expect(input.AssumeRolePolicyDocument).toContain('aws:MultiFactorAuthPresent');
  });

  it('tells the second run who holds it', async () => {
    const { open } = account(null);
    await open().take(run('run-1'), 'alice', NOON);
    await expect(open().take(run('run-2'), 'bob', at('12:29:59'))).resolves.toEqual({
      is: 'busy',
      holder: 'alice',
      run: 'run-1',
      since: NOON,
    });
  });

  it('is taken over when its run has been silent for half an hour', async () => {
    const { role, open } = account(null);
    await open().take(run('run-1'), 'alice', NOON);
    await expect(open().take(run('run-2'), 'bob', at('12:30:00'))).resolves.toMatchObject({ is: 'held' });
    expect(role.tags?.['govboot:claim']).toBe('run-2 2026-11-22T12:30:00Z bob');
  });

  it.each([
    ['2026-11-22T12:29:59Z', 'busy'],
    ['2999-01-01T00:00:00Z', 'held'],
  ] as const)('dated %s, after now: %s, since nobody may hold it for ever', async (since, is) => {
    const { open } = account(claimed(claimText({ run: 'run-1', since: since as Instant, holder: 'alice' })));
    await expect(open().take(run('run-2'), 'bob', NOON)).resolves.toMatchObject({ is });
  });

  it('is held again, and renewed, by the same run', async () => {
    const { role, open } = account(null);
    await open().take(run('run-1'), 'alice', NOON);
    await expect(open().take(run('run-1'), 'alice', at('12:20:00'))).resolves.toMatchObject({
      is: 'held',
      requestIds: [{ call: 'iam:TagRole' }],
    });
    expect(role.tags?.['govboot:claim']).toContain('12:20:00');
  });

  it.each(['released', 'nonsense', 'run-0 yesterday alice', ''])(
    'is free when its tag is "%s"',
    async (value) => {
      const { open } = account(claimed(value));
      await expect(open().take(run('run-2'), 'bob', NOON)).resolves.toMatchObject({ is: 'held' });
    },
  );

  it('goes to the later of two that write at once', async () => {
    const { open } = account(claimed('released'), (tags) => {
      tags['govboot:claim'] = claimText({ run: 'run-3', since: NOON, holder: 'carol' });
    });
    await expect(open().take(run('run-2'), 'bob', NOON)).resolves.toEqual({
      is: 'busy',
      holder: 'carol',
      run: 'run-3',
      since: NOON,
    });
  });

  it('goes to the other when theirs is written between the reads back', async () => {
    const { role, api, open } = account(claimed('released'));
    const claims = makeAwsCloud({
      api: {
        call: async (operation, input) => {
          const reads = api.names().filter((name) => name === 'iam:ListRoleTags').length;
          if (operation === 'iam:ListRoleTags' && reads === 2 && role.tags !== null) {
            role.tags['govboot:claim'] = claimText({ run: 'run-3', since: NOON, holder: 'carol' });
          }
          return api.call(operation, input);
        },
      },
      clock: fakeClock(),
      account: b.account,
      region: b.region,
    }).claims;
    await expect(claims.take(run('run-2'), 'bob', NOON)).resolves.toMatchObject({ is: 'busy', run: 'run-3' });
    await expect(open().release(run('run-2'), 'bob', NOON)).resolves.toMatchObject({
      run: 'run-3',
      holder: 'carol',
    });
    expect(role.tags?.['govboot:claim']).toContain('run-3');
  });

  it('refuses a role of that name which is not ours, and leaves it alone', async () => {
    const { api, open } = account({ owner: 'somebody' });
    await expect(open().take(run('run-1'), 'alice', NOON)).rejects.toMatchObject({
      code: 'FOREIGN_RESOURCE',
      data: { found: { owner: 'somebody' } },
    });
    expect(api.names()).not.toContain('iam:TagRole');
  });

  it('tells a denial with the call', async () => {
    const api = fakeApi({
      'iam:CreateRole': () => {
        throw fault('iam:CreateRole', 'denied', 'AccessDenied', 403);
      },
    });
    const { claims } = makeAwsCloud({ api, clock: fakeClock(), account: b.account, region: b.region });
    await expect(claims.take(run('run-1'), 'alice', NOON)).rejects.toMatchObject({
      code: 'CLOUD_DENIED',
      data: { call: 'iam:CreateRole' },
    });
  });
});

describe('releasing the claim', () => {
  it('frees it for the next run', async () => {
    const { role, open } = account(null);
    await open().take(run('run-1'), 'alice', NOON);
    await expect(open().release(run('run-1'), 'alice', at('12:01:00'))).resolves.toBeNull();
    expect(role.tags).toMatchObject({
      'govboot:claim': 'released',
      'govboot:finished': 'run-1 2026-11-22T12:01:00Z alice',
    });
    await expect(open().take(run('run-2', 'run-1'), 'bob', NOON)).resolves.toMatchObject({ is: 'held' });
  });

  it('frees and marks in one write, so that nobody sees the one without the other', async () => {
    const { api, open } = account(null);
    await open().take(run('run-1'), 'alice', NOON);
    await open().release(run('run-1'), 'alice', NOON);
    expect(api.names().filter((name) => name === 'iam:TagRole')).toHaveLength(1);
  });

  it('tells who holds it instead, and writes nothing', async () => {
    const held = account(claimed(claimText({ run: 'run-1', since: NOON, holder: 'alice' })));
    await expect(held.open().release(run('run-2'), 'bob', NOON)).resolves.toEqual({
      run: 'run-1',
      since: NOON,
      holder: 'alice',
    });
    expect(held.api.names()).not.toContain('iam:TagRole');
  });

  it('tells who took it, finished and freed it again meanwhile', async () => {
    const finished = claimText({ run: 'run-3', since: NOON, holder: 'carol' });
    const { api, open } = account({ ...claimed('released'), 'govboot:finished': finished });
    await expect(open().release(run('run-2'), 'bob', NOON)).resolves.toMatchObject({ run: 'run-3' });
    expect(api.names()).not.toContain('iam:TagRole');
  });

  it('is a failure when nobody has it, lest a run lock what it does not hold', async () => {
    for (const tags of [null, claimed('released')])
      await expect(account(tags).open().release(run('run-1'), 'alice', NOON)).rejects.toMatchObject({
        code: 'CLOUD_FAILED',
      });
  });

  it('done by another process of the same run is done', async () => {
    const { open } = account(null);
    await open().take(run('run-1'), 'alice', NOON);
    await open().release(run('run-1'), 'alice', NOON);
    await expect(open().release(run('run-1'), 'alice', NOON)).resolves.toBeNull();
  });
});

describe('an environment that a run has finished', () => {
  const finished = claimText({ run: 'run-1', since: NOON, holder: 'alice' });
  const done = (meddle?: (tags: Record<string, string>) => void) =>
    account({ ...claimed('released'), 'govboot:finished': finished }, meddle);

  it('is told to a run whose ledger does not know of it, and nothing is written', async () => {
    const { api, open } = done();
    await expect(open().take(run('run-2'), 'bob', at('12:05:00'))).resolves.toEqual({
      is: 'finished',
      run: 'run-1',
      since: NOON,
      holder: 'alice',
    });
    expect(api.names()).not.toContain('iam:TagRole');
  });

  it('is claimed by a run whose ledger knows it, and by one that adopts', async () => {
    await expect(done().open().take(run('run-2', 'run-1'), 'bob', NOON)).resolves.toMatchObject({
      is: 'held',
    });
    const adopting = { ...run('run-2'), blueprint: exampleBlueprint({ adopts: 'anything' }) };
    await expect(done().open().take(adopting, 'bob', NOON)).resolves.toMatchObject({ is: 'held' });
    const correcting = { ...run('run-2'), blueprint: exampleBlueprint({ adopts: 'locked' }) };
    await expect(done().open().take(correcting, 'bob', NOON)).resolves.toMatchObject({ is: 'finished' });
  });

  it('is told too when it was finished between the first look and the write', async () => {
    const { open } = account(claimed('released'), (tags) => {
      tags['govboot:claim'] = 'released';
      tags['govboot:finished'] = finished;
    });
    await expect(open().take(run('run-2'), 'bob', NOON)).resolves.toMatchObject({
      is: 'finished',
      run: 'run-1',
    });
  });
});

describe('the words of a claim', () => {
  it('survive their own writing, within what IAM takes', () => {
    const text = claimText({ run: 'r', since: NOON, holder: `O'Brien (ops) ${'x'.repeat(300)}` });
    expect(text.length).toBeLessThanOrEqual(256);
    expect(text).toMatch(/^[\p{L}\p{N} _.:/=+\-@]*$/u);
    expect(parseClaim(text)).toMatchObject({ run: 'r', since: NOON });
  });
});

describe('looking at the claim', () => {
  it('says who else is at work, and writes nothing', async () => {
    const { api, open } = account(claimed(`run-1 ${at('11:50:00')} Alice`));
    await expect(open().look(run('run-2'), NOON)).resolves.toEqual({
      is: 'busy',
      run: 'run-1',
      since: at('11:50:00'),
      holder: 'Alice',
    });
    expect(new Set(api.names())).toEqual(new Set(['iam:ListRoleTags']));
  });

  it.each([
    ['it is our own', claimed(`run-2 ${at('11:50:00')} Alice`)],
    ['it was released', claimed('released')],
    ['its run died long ago', claimed(`run-1 ${at('11:00:00')} Alice`)],
    ['there is no role', null],
    ['the role is not ours', { 'govboot:claim': `run-1 ${at('11:50:00')} Alice` }],
  ])('says nobody when %s', async (_what, tags) => {
    await expect(account(tags).open().look(run('run-2'), NOON)).resolves.toBeNull();
  });
});
