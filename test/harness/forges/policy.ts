/** Forgeries of policies, templates and trust files. */
import type { Forge } from '../forge.ts';

export const policyForges: Readonly<Record<string, Forge>> = {};
