/** Governed repositories for scripts: made once a test run, then copied, so that each script has one of its own. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { makeGoverned, type Governed, type Person } from './governed-repo.ts';
import type { TestKey } from './keys.ts';
import { playApply } from './operator.ts';

export interface Fixture {
  readonly root: string;
  readonly keys: Readonly<Record<Person, TestKey>>;
  readonly env: Readonly<Record<string, string>>;
}

type Kind = 'governed' | 'applied' | 'superseding';

const made = new Map<Kind, Promise<Governed>>();

/** The fixture that the first line of a script asks for, copied into `work`; null when it asks for none. */
export async function govern(script: string, work: string): Promise<Fixture | null> {
  const kind = /^# with: (governed|applied|superseding)$/m.exec(script.split('\n')[0] ?? '')?.[1] as
    Kind | undefined;
  if (kind === undefined) return null;
  let template = made.get(kind);
  if (template === undefined) {
    template = makeTemplate(kind);
    made.set(kind, template);
  }
  const { folder, keys } = await template;
  cpSync(folder, work, { recursive: true, verbatimSymlinks: true });
  const root = join(work, 'infra');
  // A pin knows its folder; the copy is another clone, and gets the pin of this clone.
  const pins = join(work, 'home', '.config', 'govboot', 'pins.json');
  writeFileSync(pins, readFileSync(pins, 'utf8').replaceAll(join(folder, 'infra'), root), { mode: 0o600 });
  return {
    root,
    keys,
    env: {
      HOME: join(work, 'home'),
      XDG_CONFIG_HOME: join(work, 'home', '.config'),
      XDG_STATE_HOME: join(work, 'home', '.state'),
      AWS_REGION: 'eu-central-1',
      KEYS: join(work, 'keys'),
      ROOT: keys.root.fingerprint,
      ALICE: keys.alice.fingerprint,
      BOB: keys.bob.fingerprint,
      STRANGER: keys.stranger.fingerprint,
    },
  };
}

async function makeTemplate(kind: Kind): Promise<Governed> {
  const governed = await makeGovernedTemplate();
  if (kind === 'governed') return governed;
  const args = [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev', '--rehearse'];
  const played = await playApply(args, { cwd: governed.folder, env: governed.env, rows: 60 });
  if (played.code !== 0) throw new Error(`the fixture could not be applied:\n${played.screen}`);
  if (kind === 'superseding')
    await governed.intent('dev', ['--action', 'supersede', '--rehearse', '--out', 'intents/two.yaml']);
  return governed;
}

async function makeGovernedTemplate(): Promise<Governed> {
  const folder = mkdtempSync(join(tmpdir(), 'govboot-fixture-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return makeGoverned({
    folder,
    endpoint: null,
    env: { AWS_REGION: 'eu-central-1' },
    environments: ['dev=111111111111:eu-central-1', 'prod=222222222222:eu-central-1'],
    pins: 'default',
  });
}
