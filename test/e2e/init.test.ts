// `govboot init` and `intent new` at a terminal: what no option said is asked, and a wrong answer is asked again.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../harness/git-fixture.ts';
import { shown } from '../harness/shown.ts';
import { startGovboot } from '../harness/operator.ts';

const PRINT = '0123456789ABCDEF0123456789ABCDEF01234567';

test('init asks for what is missing, and writes what was answered', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'infra'));
  const terminal = startGovboot(['--repo', join(folder, 'infra'), 'init'], {
    cwd: folder,
    env: { HOME: folder },
  });
  await terminal.waitFor(/short name of the organisation/, 20_000);
  await terminal.type('Acme Inc\r');
  await terminal.waitFor(/lower-case letters, digits and dashes/);
  await terminal.type('\x15acme\r');
  await terminal.waitFor(/first environment/);
  await terminal.type('dev=111111111111:eu-central-1\r');
  await terminal.waitFor(/fingerprint of the root key/);
  await terminal.type(`${PRINT}\r`);
  await terminal.waitFor(/first person/);
  await terminal.type(`Alice=${PRINT}:release,intent,evidence\r`);
  expect((await terminal.exit).code).toBe(0);
  const parity = readFileSync(join(folder, 'infra', 'policies', 'parity.yaml'), 'utf8');
  expect(parity).toContain('organisation: acme\n');
  expect(readFileSync(join(folder, 'infra', 'policies', 'trust.yaml'), 'utf8')).toContain(PRINT);
});

test('Ctrl-C at a question writes nothing', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'infra'));
  const terminal = startGovboot(['--repo', join(folder, 'infra'), 'init'], {
    cwd: folder,
    env: { HOME: folder },
  });
  await terminal.waitFor(/short name of the organisation/, 20_000);
  await terminal.type('\x03');
  expect((await terminal.exit).code).toBe(130);
  expect(terminal.screen().replaceAll(/\s+/g, ' ')).toMatch(
    shown(
      'INTERRUPTED',
      'no answer was given to "short name of the organisation, used in resource names"',
      'nothing was written; run it again',
    ),
  );
  expect(existsSync(join(folder, 'infra', 'policies'))).toBe(false);
});

test(
  'with --plain each question is one line of words, and nothing is drawn',
  { timeout: 60_000 },
  async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'infra'));
    const terminal = startGovboot(['--plain', '--repo', join(folder, 'infra'), 'init'], {
      cwd: folder,
      env: { HOME: folder },
    });
    await terminal.waitFor(/question: short name of the organisation.*: $/m, 20_000);
    await terminal.type('Acme Inc\r');
    await terminal.waitFor(/not accepted: .*lower-case letters, digits and dashes/);
    await terminal.type('acme\r');
    await terminal.waitFor(/question: first environment.*: $/m);
    await terminal.type('dev=111111111111:eu-central-1\r');
    await terminal.waitFor(/question: fingerprint of the root key.*: $/m);
    await terminal.type(`${PRINT}\r`);
    await terminal.waitFor(/question: first person.*: $/m);
    await terminal.type(`Alice=${PRINT}:release,intent,evidence\r`);
    expect((await terminal.exit).code, terminal.screen()).toBe(0);
    expect(terminal.raw()).not.toContain('\u001b');
    expect(readFileSync(join(folder, 'infra', 'policies', 'parity.yaml'), 'utf8')).toContain(
      'organisation: acme\n',
    );
  },
);
