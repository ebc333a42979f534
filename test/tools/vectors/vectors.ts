/** What a set of stored vectors is made of. */
export type Content = string | Uint8Array;
export type Row = readonly [name: string, content: Content];

export interface Vectors {
  readonly kind: string;
  /** Of the file names. */
  readonly ext: string;
  readonly good: readonly Row[];
  readonly bad: readonly Row[];
}

/** Bad vectors, named by the code that must refuse them. */
export function under(code: string, contents: Readonly<Record<string, Content>>): Row[] {
  return Object.entries(contents).map(([what, content]) => [`${code}-${what}`, content]);
}
