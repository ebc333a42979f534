/** Which packages and rooms a run of the built program loads: V8 tells the files, the build's own list tells what is in them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from './capabilities.ts';
import type { CliResult } from './cli.ts';

export interface Loaded {
  /** `commander`, `@aws-sdk/client-sts`, sorted. */
  readonly packages: readonly string[];
  /** `src/world/git.ts`, sorted. */
  readonly sources: readonly string[];
  /** Bytes of code in the files that were loaded. */
  readonly bytes: number;
}

interface Meta {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly bytes: number; readonly inputs: Readonly<Record<string, { bytesInOutput: number }>> }
    >
  >;
}

/** @param run runs the program with the variables that it is given */
export async function loadedBy(
  run: (env: Readonly<Record<string, string>>) => Promise<CliResult>,
): Promise<Loaded & { readonly result: CliResult }> {
  const folder = mkdtempSync(join(tmpdir(), 'govboot-loaded-'));
  try {
    const result = await run({ NODE_V8_COVERAGE: folder });
    const files = new Set(readdirSync(folder).flatMap((name) => scriptsOf(join(folder, name))));
    const { outputs } = JSON.parse(readFileSync(join(projectRoot, 'dist', 'meta.json'), 'utf8')) as Meta;
    const loaded = Object.entries(outputs).filter(([path]) => files.has(path));
    const inputs = loaded.flatMap(([, output]) =>
      Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    );
    return {
      result,
      packages: sorted(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])),
      sources: sorted(inputs.filter((path) => path.startsWith('src/'))),
      bytes: loaded.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Paths below the project of what one process loaded. */
function scriptsOf(coverage: string): readonly string[] {
  const { result } = JSON.parse(readFileSync(coverage, 'utf8')) as {
    readonly result: readonly { url: string }[];
  };
  return result.flatMap(({ url }) =>
    url.startsWith('file:') ? [relative(projectRoot, fileURLToPath(url))] : [],
  );
}

const sorted = (all: readonly string[]): readonly string[] => [...new Set(all)].sort();
