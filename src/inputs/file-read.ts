/** A file as the rooms hand it on: its bytes and their digest, which are computed once and together. */
import { sha256 } from '../kernel/digest.ts';
import type { FileRead } from './facts.ts';

/** Of bytes that were read, or of a text as if it had been: for documents that are judged before they are written. */
export function fileOf(path: string, content: string | Uint8Array): FileRead {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { path, bytes, sha256: sha256(bytes) };
}
