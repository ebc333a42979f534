/** What is running now, as lines to redraw. Pure: the display in world/ asks for them and knows how to erase. */
import type { Event } from '../kernel/events.ts';
import { duration } from './human.ts';
import { clean, paint, type Style } from './style.ts';
import { clipTo } from './table.ts';

type Progress = Extract<Event, { type: 'progress' }>;

interface Running {
  readonly text: string;
  readonly since: number;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Lines shown at once; more would scroll away under the reader. */
const MAX_LINES = 8;

export class Live {
  private readonly running = new Map<string, Running>();

  note(event: Progress, at: number): void {
    if (event.state === 'begin') this.running.set(event.key, { text: event.text, since: at });
    else if (event.state === 'waiting')
      this.running.set(event.key, { text: event.text, since: this.running.get(event.key)?.since ?? at });
    else this.running.delete(event.key);
  }

  get idle(): boolean {
    return this.running.size === 0;
  }

  lines(at: number, style: Style): readonly string[] {
    const frame = style.unicode ? (FRAMES[Math.floor(at / 100) % FRAMES.length] ?? '') : '..';
    const shown = [...this.running.values()].slice(0, MAX_LINES).map(({ text, since }) => {
      const time = duration(at - since);
      return `  ${paint(style, 'cyan', frame)} ${clipTo(clean(style, text), Math.max(10, style.columns - time.length - 8), style)}  ${paint(style, 'dim', time)}`;
    });
    const more = this.running.size - shown.length;
    return more > 0 ? [...shown, `    and ${String(more)} more`] : shown;
  }
}
