/** Forgeries of signature files and packets. */
import type { Forge } from '../forge.ts';

export const signatureForges: Readonly<Record<string, Forge>> = {};
