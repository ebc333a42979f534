// Runs over versions of the trust file: what goes into the evidence, and who can follow it afterwards.
import { beforeEach, describe, expect, test } from 'vitest';
import { trustNext } from '../../../src/commands/trust-next.ts';
import { trustUpdate } from '../../../src/commands/trust-update.ts';
import type { PinFacts } from '../../../src/inputs/facts.ts';
import { gather } from '../../../src/street/gather.ts';
import { readTrustVersions } from '../../../src/street/trust-versions.ts';
import { pinOf, PRINTS, signatureBy, trustYaml } from '../../harness/facts.ts';
import { makePorts, makeWorld, type World } from '../../harness/ports.ts';
import { repositoryOf, type Who } from '../../harness/world.ts';
import { run } from '../commands/running.ts';
import {
  applied,
  expectValid,
  findingsOf,
  ledgerOf,
  lockedWorld,
  play,
  REQUEST,
  said,
  typesOf,
} from './playing.ts';
import { verifyScene } from '../../harness/verify-scene.ts';

let world: World;
beforeEach(async () => {
  world = await lockedWorld();
});

const FILE = 'policies/trust.yaml';
let releases = 1;

async function next(change: Parameters<typeof trustYaml>[1], signers: readonly Who[]): Promise<void> {
  const { error, value } = await run(trustNext, {}, { world });
  expect(error).toBeNull();
  world.write(FILE, trustYaml(value['version'] as number, change));
  await world.sign(FILE, signers);
}

/** A new release with an intent that supersedes the lock. */
async function release(): Promise<void> {
  world.clock.pass(3_600_000);
  await world.release(`v1.${String(releases++)}.0`);
  const lock = ledgerOf(world).findLast((entry) => entry.type === 'LOCK_WRITTEN')?.body;
  await world.intent(lock !== undefined && 'lock_sha256' in lock ? { supersedes: lock.lock_sha256 } : {});
}

/** Root gives way to bob and carol in version 4, and carol to mallory in version 5. */
async function rotate(): Promise<void> {
  await next({ roots: ['bob', 'carol'], threshold: 2 }, ['root', 'bob', 'carol']);
  await next({ roots: ['bob', 'mallory'], threshold: 2 }, ['bob', 'carol', 'mallory']);
}

const PIN5 = pinOf({ trustVersion: 5, roots: [PRINTS.bob, PRINTS.mallory], threshold: 2 });
const pinned = (pin: PinFacts): void => void world.pins.splice(0, world.pins.length, pin);

/** `axis: what` of all that `govboot verify` tells with these pins. */
async function told(...pins: readonly PinFacts[]): Promise<readonly string[]> {
  const report = await verifyScene({ ...makePorts({ world }), store: world.store, pins });
  return report.answers.flatMap(({ findings }) =>
    findings.map(({ axis, is, what }) => `${axis} ${is}: ${what}`),
  );
}

describe('a run under a version that is two after the pinned one', () => {
  beforeEach(async () => {
    await rotate();
    await release();
    await applied(world);
  });

  test('keeps every version that was walked, and those before it, with their signatures', () => {
    const began = ledgerOf(world).findLast(({ type }) => type === 'APPLY_STARTED');
    const names = began?.refs.map(({ name }) => name).filter((name) => name.startsWith('policies/trust/'));
    expect(names).toEqual([
      'policies/trust/4.yaml',
      ...[PRINTS.root, PRINTS.bob, PRINTS.carol].sort().map((who) => `policies/trust/4.yaml.${who}.asc`),
      'policies/trust/3.yaml',
      `policies/trust/3.yaml.${PRINTS.root}.asc`,
    ]);
  });

  test('verifies from the old pin, over a version that no run used', async () => {
    await expectValid(world);
    expect(await told(pinOf())).toEqual([]);
  });

  test('verifies for today from the new pin; the old version is told as one that it does not reach', async () => {
    expect(await told(PIN5)).toEqual([
      expect.stringMatching(/^authenticity undecided: UNPINNED: version 3 is signed by 10C0/),
    ]);
    expect(await told(PIN5, pinOf())).toEqual([]);
  });

  test('goes on from the new pin', async () => {
    pinned(PIN5);
    await release();
    await applied(world);
    expect(await told(pinOf())).toEqual([]);
  });

  test('another file under the number of a version that is on record is refused', async () => {
    pinned(PIN5);
    world.write('policies/trust/4.yaml', trustYaml(4, { roots: ['mallory'] }));
    await release();
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(findingsOf(ports)).toEqual(['source: TRUST_INVALID']);
  });

  test('a trust file older than it is refused, on a machine that never heard of it', async () => {
    for (const path of [...world.files.keys()])
      if (path.startsWith('policies/trust/')) world.files.delete(path);
    for (const who of ['bob', 'carol', 'mallory'] as const) world.files.delete(`${FILE}.${PRINTS[who]}.asc`);
    world.write(FILE, trustYaml(3));
    await world.sign(FILE, ['root']);
    await release();
    const { ports } = await play({ world });
    expect(findingsOf(ports)).toEqual(['source: TRUST_ROLLBACK']);
  });
});

describe('evidence of a version whose roots have all gone since', () => {
  test('is built upon by a machine that pinned the present version: the tagged tree keeps the old one', async () => {
    await rotate();
    await release();
    pinned(PIN5);
    const { facts, vouched } = await gather(makePorts({ world }), REQUEST);
    expect({ problems: facts.ledger.problems, vouched }).toEqual({ problems: [], vouched: 'released' });
    await applied(world);
    expect(await told(pinOf())).toEqual([]);
  });

  test('is not believed without it', async () => {
    await rotate();
    world.files.delete('policies/trust/3.yaml');
    await release();
    pinned(PIN5);
    const { ports } = await play({ world });
    expect(findingsOf(ports)).toEqual(['immutability: EVIDENCE_INVALID']);
    expect(said(ports).join('\n')).toContain('could not be put into the ledger');
  });

  test('gets no entry from a run whose tag does not hold', async () => {
    await rotate();
    await release();
    pinned(PIN5);
    world.write('policies/stray', 'x');
    const before = typesOf(world).length;
    const { ports, error } = await play({ world });
    expect(error?.code).toBe('GATES_REFUSED');
    expect(typesOf(world)).toHaveLength(before);
    expect(said(ports).join('\n')).toContain('only the tagged tree vouches for the evidence');
  });

  test('is undecided for an auditor who pinned the present version only', async () => {
    expect(await told(PIN5)).toEqual([expect.stringMatching(/^authenticity undecided: UNPINNED: version 3/)]);
  });
});

test('the pin is moved while its keys are good, and a machine that missed it has to go back to paper', async () => {
  await next({ roots: ['bob'] }, ['root', 'bob']);
  await release();
  const late = [...world.pins];
  expect((await run(trustUpdate, {}, { world })).error).toBeNull();
  pinned(world.pins.at(-1)!);
  world.cast.root.facts = { ...world.cast.root.facts, expires: '2026-11-22T12:30:00Z' as never };
  await release();
  expect((await play({ world })).error).toBeNull();
  pinned(late[0]!);
  const { ports } = await play({ world });
  expect(findingsOf(ports)).toEqual(['source: TRUST_UNSIGNED']);
});

describe('what is read of policies/trust', () => {
  const versions = async (files: readonly string[], way: Parameters<typeof readTrustVersions>[2]) => {
    const empty = await makeWorld();
    for (const path of files) empty.write(path, path);
    const asked: string[] = [];
    const read = await readTrustVersions(
      repositoryOf(empty),
      async (_data, file) => {
        asked.push(file.path);
        return signatureBy('root', file.path);
      },
      way,
    );
    return { ...read, asked };
  };
  const kept = (n: number, signatures = 1): string[] => [
    `policies/trust/${String(n)}.yaml`,
    ...Array.from(
      { length: signatures },
      (_, i) => `policies/trust/${String(n)}.yaml.${i.toString(16).toUpperCase().padStart(40, '0')}.asc`,
    ),
  ];

  test('only names of versions, by their numbers; only those on the way are judged', async () => {
    const {
      kept: read,
      files,
      asked,
    } = await versions(
      [
        ...kept(10),
        ...kept(9),
        ...kept(2),
        'policies/trust/09.yaml',
        'policies/trust/README.md',
        'policies/trust/x.yaml.asc',
      ],
      { after: 8, before: 10 },
    );
    expect(read).toMatchObject({
      is: 'read',
      value: [
        { version: 2, signatures: null },
        { version: 9, signatures: { is: 'read', value: [{}] } },
        { version: 10, signatures: null },
      ],
    });
    expect(asked).toEqual(kept(9).slice(1));
    expect(files.map(({ path }) => path)).toEqual([...kept(10), ...kept(9), ...kept(2)]);
  });

  test('nothing is judged without a way', async () => {
    expect((await versions(kept(4), null)).asked).toEqual([]);
  });

  test('no more versions than one run bears, and the first ones', async () => {
    const { asked } = await versions(Array.from({ length: 300 }, (_, i) => kept(4 + i)).flat(), {
      after: 3,
      before: 304,
    });
    expect(asked).toEqual(Array.from({ length: 32 }, (_, i) => kept(4 + i)[1]));
  });

  test('no more signatures than one run bears', async () => {
    const { asked, kept: read } = await versions(
      [4, 5, 6, 7].flatMap((n) => kept(n, 30)),
      { after: 3, before: 8 },
    );
    expect(asked).toHaveLength(60);
    expect(read).toMatchObject({
      value: [{ signatures: {} }, { signatures: {} }, { signatures: null }, { signatures: null }],
    });
  });

  test('a version with more signatures than anybody has root keys is given to nobody', async () => {
    const { asked, kept: read } = await versions([...kept(4, 33), ...kept(5)], { after: 3, before: 6 });
    expect(asked).toEqual(kept(5).slice(1));
    expect(read).toMatchObject({
      value: [{ signatures: { is: 'problem', problem: { code: 'SIG_COUNT' } } }, {}],
    });
  });

  test('tens of thousands of files are sorted out in a moment', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => kept(1 + i)).flat();
    const { asked } = await versions([...many, ...kept(30_000, 10_000)], { after: 3, before: 40_000 });
    expect(asked).toHaveLength(32);
  }, 10_000);

  test('the evidence takes the newest that fit into an entry', async () => {
    const { files } = await versions(Array.from({ length: 300 }, (_, i) => kept(1 + i)).flat(), null);
    expect(files).toHaveLength(500);
    expect(files[0]?.path).toBe('policies/trust/300.yaml');
    expect(files.at(-2)?.path).toBe('policies/trust/51.yaml');
  });

  test('a fault that is nobody else’s is thrown on', async () => {
    const repository = { ...repositoryOf(world), list: () => Promise.reject(new TypeError('a bug')) };
    const never = (): never => {
      throw new Error('not asked');
    };
    await expect(readTrustVersions(repository, never, null)).rejects.toThrow('a bug');
  });
});
