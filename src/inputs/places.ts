/** Where the values of a human-made document stand: plain data, so that whoever judges a value later can still name its line. */

/** Names of fields and numbers of list items, from the top of the document. */
export type Path = readonly PropertyKey[];

export interface Places {
  readonly file: string;
  /** By JSON pointer (RFC 6901 §3), the whole document being ''. A field stands where its key stands. Both numbers from 1. */
  readonly positions: ReadonlyMap<string, { readonly line: number; readonly column: number }>;
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The first of these paths that the document has. Without any, the nearest parent of the last one: what is missing is missing there.
 */
export function placeOf({ file, positions }: Places, ...paths: readonly Path[]): Place {
  const [last = []] = paths.slice(-1);
  const parents = last.map((_, i) => last.slice(0, last.length - 1 - i));
  const found = [...paths, ...parents]
    .map((path) => positions.get(pointer(path)))
    .find((position) => position !== undefined);
  return { file, line: found?.line ?? 1, column: found?.column ?? 1 };
}

/** `policies/parity.yaml: line 3, column 7` */
export function showPlace({ file, line, column }: Place): string {
  return `${file}: line ${String(line)}, column ${String(column)}`;
}

export function pointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
