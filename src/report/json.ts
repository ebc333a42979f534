/** Events → one JSON object a line on stdout: the same events that people see, for machines. */
import type { Event } from '../kernel/events.ts';
import { safeJson } from '../kernel/text.ts';

/** The values are the event's own, to the last character; only their spelling is such that printing a line moves no cursor. */
export function renderJson(event: Event): string {
  return safeJson(JSON.stringify(event));
}
