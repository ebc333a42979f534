/** `intents/dev.yaml` is signed by `intents/dev.yaml.asc` and `intents/dev.yaml.<40 HEX>.asc`. */
export function isSignatureOf(path: string, candidate: string): boolean {
  return (
    candidate === `${path}.asc` ||
    (candidate.startsWith(`${path}.`) && /^\.[0-9A-F]{40}\.asc$/.test(candidate.slice(path.length)))
  );
}

/** What a file of that name lies beside, if that is a document in YAML; null where it is no signature of one. */
export function signedPath(candidate: string): string | null {
  return /^(.+\.yaml)(\.[0-9A-F]{40})?\.asc$/s.exec(candidate)?.[1] ?? null;
}
