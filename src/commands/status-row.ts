/** One row of a screen of `status`. Pure. */
import type { Event } from '../kernel/events.ts';
import { clip } from '../kernel/text.ts';

export type Row = Omit<Extract<Event, { type: 'row' }>, 'type' | 'command' | 'section'>;

/** Characters of a text that may be of any length; two lines of a screen. */
const LONGEST = 110;

export const row = (label: string, status: Row['status'], text: string, mend: string | null = null): Row => ({
  label,
  status,
  text: status === 'plain' && label === '' ? text : clip(text, LONGEST),
  mend,
});
