/** What a journal says: a fold over its lines. */
import { canonicalText } from '../kernel/canonical.ts';
import { CODES } from '../kernel/codes.ts';
