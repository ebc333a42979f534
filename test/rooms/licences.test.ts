/** The judge of policies is under the AGPL. It may help to test, and may not be in what is given to others. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../harness/capabilities.ts';

interface Manifest {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface LockedPackage extends Manifest {
  readonly dev?: boolean;
}

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const locked = (JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> })
  .packages;

const COPYLEFT = /\b(AGPL|GPL|SSPL)-/;
const copyleft = Object.entries(locked).filter(([, about]) => COPYLEFT.test(about.license ?? ''));

/** Every file of the build: chunks too. */
function built(folder = 'dist'): readonly string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(js|txt|json)$/.test(name))
    .map((name) => join(folder, name));
}

describe('packages under a licence that asks for the source of what they are in', () => {
  test('are known: the judge of policies and what it is made of', () => {
    expect(copyleft.map(([path]) => path.replace('node_modules/', ''))).toEqual([
      '@cloud-copilot/iam-policy',
      '@cloud-copilot/iam-simulate',
      '@cloud-copilot/iam-utils',
    ]);
    expect(manifest.devDependencies).toHaveProperty(['@cloud-copilot/iam-simulate']);
  });

  test('are needed for development only', () => {
    expect(Object.keys(manifest.dependencies ?? {}).filter((name) => name.includes('cloud-copilot'))).toEqual(
      [],
    );
    for (const [path, about] of copyleft) expect(about, path).toMatchObject({ dev: true });
  });

  test('are in no file of the build, and no licence of theirs is in its list', () => {
    const files = built();
    expect(files).toContain(join('dist', 'govboot.js'));
    expect(files).toContain(join('dist', 'THIRD-PARTY.txt'));
    const found = files.filter((file) => /cloud-copilot|iam-simulate|ImplicitlyDenied/.test(read(file)));
    expect(found).toEqual([]);
    const licences = [...read(join('dist', 'THIRD-PARTY.txt')).matchAll(/^\S+ \S+ \(([^)]+)\)$/gm)];
    expect(licences.length).toBeGreaterThan(20);
    expect(licences.filter(([, licence]) => COPYLEFT.test(licence ?? ''))).toEqual([]);
  });
});
