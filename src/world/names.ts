/**
 * Names that a repository knows, for the completion of a shell: read at once, without a parser, and never judged. Anybody may have
 * written them, so only what is a name is answered, and nothing is ever thrown.
 */
import { readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { withPlainFileNow } from './safe-read.ts';

/** The policy's own rule for names of environments. */
const ENVIRONMENT = /^[a-z][a-z0-9-]{0,31}$/;
/** Names that need no quoting in any shell. */
const INTENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml$/;
/** A policy is at most this large. */
const MOST_BYTES = 262_144;
const MOST_NAMES = 500;

/** Names below `environments:` of policies/parity.yaml, as `init` and people write it: one a line. */
export function environmentNames(root: string): readonly string[] {
  const lines = textOf(join(root, 'policies', 'parity.yaml')).split('\n');
  const at = lines.findIndex((line) => /^environments:\s*(?:#.*)?$/.test(line));
  const below = at === -1 ? [] : lines.slice(at + 1);
  const end = below.findIndex((line) => /^[^\s#]/.test(line));
  const block = end === -1 ? below : below.slice(0, end);
  const indent = /^ +(?=[^\s#])/.exec(block.find((line) => /^ +[^\s#]/.test(line)) ?? '')?.[0] ?? '';
  const names = block.flatMap((line) => {
    const [, space, name = ''] = /^( +)["']?([^\s"':#]+)["']?:/.exec(line) ?? [];
    return space === indent && ENVIRONMENT.test(name) ? [name] : [];
  });
  return names.slice(0, MOST_NAMES);
}

/** `intents/NAME.yaml`, sorted. */
export function intentPaths(root: string): readonly string[] {
  return quietly(
    () =>
      readdirSync(join(root, 'intents'))
        .filter((name) => INTENT.test(name))
        .sort()
        .slice(0, MOST_NAMES)
        .map((name) => `intents/${name}`),
    [],
  );
}

function textOf(path: string): string {
  return quietly(
    () =>
      withPlainFileNow(path, path, (file, { size }) => {
        if (size > MOST_BYTES) return '';
        const bytes = Buffer.alloc(size);
        return bytes.subarray(0, readSync(file, bytes, 0, size, 0)).toString();
      }),
    '',
  );
}

/** A shell that waits for its user is told nothing, and least of all that something is wrong. */
function quietly<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
