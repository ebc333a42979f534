/** Forgeries of the machine, the cloud and the evidence. */
import type { Forge } from '../forge.ts';

export const worldForges: Readonly<Record<string, Forge>> = {};
