/** Policies with rules that must not pass, and programs that are not what they seem; each released as a team would release it. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, whereIs } from '../capabilities.ts';
import type { Forge, ForgeSite } from '../forge.ts';
import { moduleOf, type ModuleOptions } from '../wasm.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Replaces a line of the policy, and insists that it is there. */
function setInPolicy({ cwd }: ForgeSite, from: string, to: string): void {
  const path = join(cwd, 'policies', 'parity.yaml');
  const text = readFileSync(path, 'utf8');
  if (!text.includes(`\n${from}\n`)) throw new Error(`the policy has no line ${from}`);
  writeFileSync(
    path,
    text.replace(`\n${from}\n`, () => `\n${to}\n`),
  );
}

function putRules(site: ForgeSite, bytes: Uint8Array, [entrypoint = '', ids = '']: readonly string[]): void {
  writeFileSync(join(site.cwd, 'policies', 'rules.wasm'), bytes);
  const block = [
    'rules:',
    '  file: policies/rules.wasm',
    `  sha256: "${sha256(bytes)}"`,
    `  entrypoint: ${entrypoint}`,
    `  attests: [${ids}]`,
  ];
  setInPolicy(site, 'rules: null', block.join('\n'));
}

export const rulesForges: Readonly<Record<string, Forge>> = {
  /** rules FIXTURE ENTRYPOINT IDS: a module of test/fixtures/rules becomes policies/rules.wasm, named by the policy. */
  rules: (site, [fixture = '', ...named]) => {
    const bytes = readFileSync(join(projectRoot, 'test', 'fixtures', 'rules', `${fixture}.wasm`));
    putRules(site, bytes, named);
  },

  /** module OPTIONS ENTRYPOINT IDS: the same with a module made by hand; the options are JSON, see ../wasm.ts. */
  module: (site, [options = '{}', ...named]) =>
    putRules(site, moduleOf(JSON.parse(options) as ModuleOptions), named),

  /** module-deep LEVELS ENTRYPOINT IDS: one that answers with lists in lists. */
  'module-deep': (site, [levels = '', ...named]) => {
    const deep = `${'['.repeat(Number(levels))}${']'.repeat(Number(levels))}`;
    putRules(site, moduleOf({ results: `[{"result":${deep}}]` }), named);
  },

  /** tool NAME: the policy lists the SHA-256 of the program that is on PATH now. */
  tool: (site, [name = '']) => {
    const path = whereIs(name);
    if (path === null) throw new Error(`${name} is not on PATH`);
    setInPolicy(site, 'tools: {}', `tools:\n  ${name}: ["${sha256(readFileSync(path))}"]`);
  },

  /** fake NAME: bin/NAME beside the repository leaves bin/NAME.ran and then does what the real one does, where there is one. */
  fake: ({ work }, [name = '']) => {
    const folder = join(work, 'bin');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, name);
    const real = whereIs(name);
    const rest = real === null ? 'exit 0' : `exec ${real} "$@"`;
    writeFileSync(path, `#!/bin/sh\n: > ${path}.ran\n${rest}\n`);
    chmodSync(path, 0o755);
  },
};
