/** Files for one run of a program: readable by this user only, and gone afterwards. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param use gets the folder, and the paths of the files by their names */
export async function withPrivateFiles<Name extends string, T>(
  purpose: string,
  files: Readonly<Record<Name, Uint8Array>>,
  use: (home: string, paths: Readonly<Record<Name, string>>) => Promise<T>,
): Promise<T> {
  // Mode 0700 (mkdtemp): nobody else can put a key or an option file there.
  const home = await mkdtemp(join(tmpdir(), `govboot-${purpose}-`));
  try {
    const paths = {} as Record<Name, string>;
    for (const name of Object.keys(files) as Name[]) {
      paths[name] = join(home, name);
      await writeFile(paths[name], files[name], { mode: 0o600, flag: 'wx' });
    }
    return await use(home, paths);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
