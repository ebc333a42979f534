/** Where the programs of this machine are. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path';
import process from 'node:process';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The first `name` on PATH that is an executable file, as an absolute path with links resolved; null when there is none.
 * Relative entries, and programs inside `outside` or linked from there, are passed over: the repository must not bring its own git.
 */
export function whereIs(name: string, env: Variables, outside?: string): string | null {
  const endings = process.platform === 'win32' ? ['.exe'] : [''];
  for (const folder of (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter(isAbsolute)) {
    for (const ending of endings) {
      const found = executable(join(folder, name + ending));
      if (found !== null && ![found.program, found.folder].some((path) => isIn(path, outside)))
        return found.program;
    }
  }
  return null;
}

function isIn(path: string, folder: string | undefined): boolean {
  return folder !== undefined && `${path}${sep}`.startsWith(`${folder}${sep}`);
}

function executable(path: string): { readonly program: string; readonly folder: string } | null {
  try {
    accessSync(path, constants.X_OK);
    if (!statSync(path).isFile()) return null;
    return { program: realpathSync(path), folder: realpathSync(dirname(path)) };
  } catch {
    // Not there, or not for us: the next entry of PATH is tried.
    return null;
  }
}
