/** A script and the files that it needs, in one text file: the txtar format of Go's testscript. */
export type Archive = {
  readonly script: string;
  readonly files: ReadonlyMap<string, string>;
};

/** Splits at the lines `-- name --`. What is above the first is the script. */
export function parseTxtar(text: string): Archive {
  const [script = '', ...rest] = text.split(/^-- (\S.*?) --\n/m);
  const files = new Map<string, string>();
  for (let i = 0; i < rest.length; i += 2) files.set(rest[i] ?? '', rest[i + 1] ?? '');
  return { script, files };
}
