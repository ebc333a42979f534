/** Forgeries of key files. */
import type { Forge } from '../forge.ts';

export const keyForges: Readonly<Record<string, Forge>> = {};
