/** `intents/dev.yaml` is signed by `intents/dev.yaml.asc` and `intents/dev.yaml.<40 HEX>.asc`. */
export function isSignatureOf(path: string, candidate: string): boolean {
  return (
    candidate === `${path}.asc` ||
    (candidate.startsWith(`${path}.`) && /^\.[0-9A-F]{40}\.asc$/.test(candidate.slice(path.length)))
  );
}
