/** Events → one JSON object a line on stdout: the same events that people see, for machines. */
import type { Event } from '../kernel/events.ts';

/** Escapes DEL, C1, bidi and line separators too, so that printing a line never moves a cursor. */
export function renderJson(event: Event): string {
  // eslint-disable-next-line no-control-regex -- escaping control characters is the purpose
  return JSON.stringify(event).replace(/[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
