/** Forgeries of git objects, refs and repository settings. */
import type { Forge } from '../forge.ts';

export const gitForges: Readonly<Record<string, Forge>> = {};
