// threat: 94
// area: cloud
// tried: The disk of the evidence is full or read-only, or its folder is a link elsewhere, before the run or in the middle of it.
// answer: EVIDENCE_WRITE, FILE_UNSAFE, and no call that changes anything is made; in the middle the run stops, RECOVERY_REQUIRED, and --resume completes it
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, test } from 'vitest';
import { scene } from '../harness/at-terminal.ts';
import { recordNotRun } from '../harness/capabilities.ts';
import { govbootPath } from '../harness/cli.ts';
import { playEvery } from '../harness/operator.ts';
import { shown } from '../harness/shown.ts';
import { startTerminal } from '../harness/pty.ts';

/** A disk of its own for one shell and what it starts: a mount namespace, which is gone with it and needs no rights. */
const OWN_DISK = ['-rm', 'sh', '-c'] as const;
const mounts = spawnSync('unshare', [...OWN_DISK, 'mount -t tmpfs tmpfs /mnt']).status === 0;
if (!mounts) recordNotRun('a full disk and a read-only one', 'unshare -rm may not mount here');

/** How a session in a shell went: `NAME=NUMBER` lines, and all that was shown. */
interface Session {
  readonly said: Readonly<Record<string, number>>;
  readonly screen: string;
}

/**
 * Bootstraps, mends the disk, bootstraps again, resumes if told to, and verifies.
 * @param spoil shell commands that make the disk what it is to be, in $EVIDENCE; @param mend what is done before the second run
 */
async function session(
  spoil: string,
  mend: string,
  { own = true, before = (_root: string): void => undefined } = {},
): Promise<Session> {
  const place = await scene('governed');
  const { root, env } = place.fixture;
  const evidence = join(root, 'evidence');
  mkdirSync(evidence, { recursive: true });
  before(root);
  const script = `
    G() { "${process.execPath}" "${govbootPath}" "$@"; }
    A() { G apply dev --rehearse --key "$KEYS/alice.key" "$@"; }
    ${spoil}
    A; echo "first=$?"
    echo "made=$(find "$XDG_STATE_HOME/govboot/rehearsal" -type f 2>/dev/null | wc -l)"
    echo "pages=$(($(df -k --output=used "$EVIDENCE" | tail -1) / 4))"
    ${mend}
    A; second=$?; echo "second=$second"
    if [ $second = 6 ]; then A --resume; echo "resumed=$?"; fi
    G verify dev --rehearse; echo "verified=$?"`;
  const command = own ? (['unshare', ...OWN_DISK] as const) : (['sh', '-c'] as const);
  const terminal = startTerminal(command[0], [...command.slice(1), script], {
    ...{ cwd: root, rows: 60, cols: 200 },
    env: { ...env, EVIDENCE: evidence },
  });
  const { screen } = await playEvery(terminal);
  const said = [...screen.matchAll(/^(first|made|pages|second|resumed|verified)=(\d+)/gm)];
  rmSync(place.work, { recursive: true });
  return {
    said: Object.fromEntries(said.map(([, name = '', n]) => [name, Number(n)])),
    screen,
  };
}

const disk = (size: string): string => `mount -t tmpfs -o size=${size} tmpfs "$EVIDENCE" || exit 99`;
const larger = 'mount -o remount,size=16m "$EVIDENCE" || exit 98';

function expectRefusedBefore({ said, screen }: Session, code: string): void {
  expect(screen).toContain(`[${code}]`);
  expect(said['first'], screen).toBeGreaterThan(0);
  expect(said, screen).toMatchObject({ made: 0, second: 0, verified: 0 });
}

function expectResumed({ said, screen }: Session): void {
  expect(screen).toContain('[EVIDENCE_WRITE]');
  expect(screen).toContain('[RECOVERY_REQUIRED]');
  expect(said['first'], screen).toBeGreaterThan(0);
  expect(said['made'], screen).toBeGreaterThan(0);
  expect(said, screen).toMatchObject({ second: 6, resumed: 0, verified: 0 });
}

describe.skipIf(!mounts)('a disk of its own', { timeout: 300_000 }, () => {
  let pages = 0;
  beforeAll(async () => {
    const whole = await session(disk('16m'), '');
    expect(whole.said, whole.screen).toMatchObject({ first: 0, second: 0, verified: 0 });
    pages = whole.said['pages'] ?? 0;
    expect(pages).toBeGreaterThan(20);
  }, 120_000);

  test('full before', async () => {
    expectRefusedBefore(await session(disk('8k'), larger), 'EVIDENCE_WRITE');
  });

  test('read-only', async () => {
    const spoil = `${disk('16m')}; mount -o remount,ro "$EVIDENCE" || exit 97`;
    const played = await session(spoil, 'mount -o remount,rw "$EVIDENCE"');
    expectRefusedBefore(played, 'EVIDENCE_WRITE');
    expect(played.screen.replaceAll(/\s+/g, ' ')).toMatch(
      shown(
        'EVIDENCE_WRITE',
        '… could not be written: EROFS: read-only file system, mkdir …',
        'make room or set the rights of the evidence folder, then `govboot apply --resume`',
      ),
    );
  });

  test.each([1, 4, 8])('full %i pages before the end', async (fewer) => {
    expectResumed(await session(disk(`${String((pages - fewer) * 4)}k`), larger));
  });
});

describe('a folder that is a link', { timeout: 300_000 }, () => {
  test.each(['evidence', 'evidence/rehearsal', 'evidence/rehearsal/dev', 'evidence/rehearsal/dev/ledger'])(
    '%s',
    async (folder) => {
      const elsewhere = '../elsewhere';
      const played = await session('', 'rm "$LINK"; mkdir -p "$LINK"'.replaceAll('$LINK', folder), {
        own: false,
        before(root) {
          mkdirSync(join(root, elsewhere));
          mkdirSync(join(root, folder), { recursive: true });
          renameSync(join(root, folder), join(root, elsewhere, 'kept'));
          symlinkSync(join(root, elsewhere, 'kept'), join(root, folder));
        },
      });
      expectRefusedBefore(played, played.screen.includes('GATES_REFUSED') ? 'GATES_REFUSED' : 'FILE_UNSAFE');
      expect(played.screen).toContain('FILE_UNSAFE');
    },
  );
});
