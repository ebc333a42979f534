/** Prints events: results on stdout, everything else on stderr, a live region while something runs on a terminal. */
import { writeSync } from 'node:fs';
import type { Emit } from '../ports.ts';
import type { Style, Renderers } from './style-of.ts';

export interface Display {
  readonly emit: Emit;
  /** Erases the live region; nothing is printed after it. */
  end(): void;
}

const FRAME_MS = 100;

/** @param renderers the report room's functions, handed in by main: this room does not know how things are said */
export function makeDisplay(options: { readonly json: boolean; readonly style: Style; readonly live: boolean }, renderers: Renderers): Display {
  const screen = new Screen(options, renderers);
  return { emit: (event) => { screen.show(event); }, end: () => { screen.end(); } };
}

class Screen {
  private readonly options: { readonly json: boolean; readonly style: Style; readonly live: boolean };
  private readonly renderers: Renderers;
  private drawn = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: { readonly json: boolean; readonly style: Style; readonly live: boolean }, renderers: Renderers) {
    this.options = options;
    this.renderers = renderers;
  }

  show(event: Parameters<Emit>[0]): void {
    if (this.options.json && event.type !== 'log') write(1, [this.renderers.json(event)]);
    // A person must be able to read what is to be confirmed, also when machines read stdout.
    const forPeople = !this.options.json || (this.options.live && (event.type === 'plan' || event.type === 'confirm'));
    if (!forPeople) return;
    if (event.type === 'progress') this.renderers.live.note(event, performance.now());
    const { to, lines } = this.renderers.human(event, this.options.style);
    this.erase();
    if (lines.length > 0) write(to === 'stdout' ? 1 : 2, lines);
    if (event.type === 'confirm') this.pause();
    else this.schedule();
  }

  end(): void {
    this.pause();
  }

  /** The prompt owns the terminal: no frame may be drawn over it. */
  private pause(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.erase();
  }

  private schedule(): void {
    if (!this.options.live || this.options.json) return;
    if (this.renderers.live.idle) { this.pause(); return; }
    this.draw();
    this.timer ??= setInterval(() => { this.erase(); this.draw(); }, FRAME_MS).unref();
  }

  private draw(): void {
    const lines = this.renderers.live.lines(performance.now(), this.options.style);
    if (lines.length === 0) return;
    write(2, lines);
    this.drawn = lines.length;
  }

  private erase(): void {
    if (this.drawn === 0) return;
    // ECMA-48: cursor up n lines, then erase from the cursor to the end of the screen.
    writeAll(2, `\u001b[${String(this.drawn)}A\u001b[0J`);
    this.drawn = 0;
  }
}

function write(fd: 1 | 2, lines: readonly string[]): void {
  writeAll(fd, `${lines.join('\n')}\n`);
}

/** Synchronous, so that nothing is lost when the process ends; a reader that went away (EPIPE) is no failure of ours. */
function writeAll(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') continue;
      if (code === 'EPIPE') return;
      throw error;
    }
  }
}
