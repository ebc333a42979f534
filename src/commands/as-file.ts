/** A text as if it had been read from the repository: for documents that are judged before they are written. */
import { sha256 } from '../kernel/digest.ts';
import type { FileRead } from '../inputs/facts.ts';

export function asFile(path: string, content: string | Uint8Array): FileRead {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { path, bytes, sha256: sha256(bytes) };
}
