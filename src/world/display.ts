/** Prints events: results on stdout, everything else on stderr, and what is running now in a live region of a terminal. */
import { writeSync } from 'node:fs';
import { GovbootError } from '../kernel/errors.ts';
import type { Event } from '../kernel/events.ts';
import type { Emit } from '../ports.ts';
import { columnsOf, type Renderers, type Style } from './style-of.ts';

export interface Display {
  readonly emit: Emit;
  /** Erases the live region; nothing is drawn after it. */
  end(): void;
}

export interface DisplayOptions {
  readonly json: boolean;
  readonly style: Style;
  /** Whether a live region may be drawn on stderr. */
  readonly live: boolean;
}

/** Where it is printed. */
export interface Device {
  /** Writes all of it before it returns. @returns the error code when it could not */
  write(fd: 1 | 2, text: string): string | null;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Columns and rows of the window, as they are now; undefined where they are not known. */
  size(): { readonly columns: number | undefined; readonly rows: number | undefined };
}

/** @param renderers the report room's functions, handed in by main: this room does not know how things are said */
export function makeDisplay(options: DisplayOptions, renderers: Renderers, device: Device = DEVICE): Display {
  const screen = new Screen(options, renderers, device);
  return {
    emit: (event) => {
      screen.show(event);
    },
    end: () => {
      screen.end();
    },
  };
}

const FRAME_MS = 100;

class Screen {
  private readonly options: DisplayOptions;
  private readonly renderers: Renderers;
  private readonly device: Device;
  /** Lines of the live region that stand above the cursor, and how wide the window was then. */
  private drawn = 0;
  private drawnColumns: number | undefined;
  private timer: NodeJS.Timeout | null = null;
  /** From a confirmation until work goes on, the prompt owns the terminal: no frame may be drawn over it. */
  private isAsking = false;
  private lost: string | null = null;

  constructor(options: DisplayOptions, renderers: Renderers, device: Device) {
    this.options = options;
    this.renderers = renderers;
    this.device = device;
  }

  show(event: Event): void {
    if (event.type === 'progress') {
      this.renderers.live.note(event, this.device.now());
      this.isAsking = false;
    }
    if (event.type === 'confirm') this.isAsking = true;
    if (this.options.json && event.type !== 'log') this.print(1, `${this.renderers.json(event)}\n`);
    if (this.isForPeople(event)) {
      const { to, lines } = this.renderers.human(event, this.style());
      const text = lines.map((line) => `${line}\n`).join('');
      if (to === 'stdout') {
        this.print(2, this.erasing());
        this.print(1, text);
        this.print(2, this.frame());
      } else this.print(2, this.erasing() + text + this.frame());
      this.schedule();
    }
    // Said where nothing can be cut short by it any more: results come last.
    if (event.type === 'result' && this.lost !== null)
      throw new GovbootError('FILE_WRITE', `standard output could not be written: ${this.lost}`);
  }

  end(): void {
    this.stop();
    this.print(2, this.erasing());
  }

  /** A person must be able to read what is to be confirmed, also when machines read stdout. */
  private isForPeople(event: Event): boolean {
    if (!this.options.json) return true;
    if (!this.options.style.terminal) return false;
    return event.type === 'plan' || event.type === 'confirm' || (this.isAsking && event.type === 'warning');
  }

  private print(fd: 1 | 2, text: string): void {
    if (text === '') return;
    const error = this.device.write(fd, text);
    // A reader that went away is no failure of ours, and what people are told on stderr is no result.
    if (fd === 1 && error !== null && error !== 'EPIPE') this.lost ??= error;
  }

  private style(): Style {
    const { style } = this.options;
    return style.terminal ? { ...style, columns: columnsOf(this.device.size().columns) } : style;
  }

  private schedule(): void {
    if (this.drawn === 0) this.stop();
    else
      this.timer ??= setInterval(() => {
        this.print(2, this.erasing() + this.frame());
      }, FRAME_MS).unref();
  }

  private stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** The live region, in one text: written at once it does not flicker. */
  private frame(): string {
    const { live } = this.renderers;
    if (!this.options.live || this.options.json || this.isAsking || live.idle) return '';
    const { columns, rows } = this.device.size();
    // A region as high as the window would scroll, and could not be found again.
    const lines = live.lines(this.device.now(), this.style()).slice(0, Math.max(1, (rows ?? 24) - 2));
    this.drawn = lines.length;
    this.drawnColumns = columns;
    return lines.map((line) => `${line}\n`).join('');
  }

  /** ECMA-48: CUU and ED. In a window of another width the lines may have been broken anew, and are left where they are. */
  private erasing(): string {
    const { drawn } = this;
    this.drawn = 0;
    if (drawn === 0 || this.device.size().columns !== this.drawnColumns) return '';
    return `\u001b[${String(drawn)}A\u001b[0J`;
  }
}

const DEVICE: Device = {
  write: writeAll,
  now: () => performance.now(),
  size: () => ({ columns: process.stderr.columns, rows: process.stderr.rows }),
};

/** Milliseconds between two tries at a pipe that is full. */
const FULL_MS = 5;
/** Nothing is ever stored here: it is only waited for. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Synchronous, so that nothing is lost when the process ends, and what is shown comes before what is done. */
export function writeAll(fd: number, text: string): string | null {
  const bytes = Buffer.from(text);
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another process made the pipe non-blocking: wait for its reader, and let the processor rest meanwhile.
      if (code === 'EAGAIN') Atomics.wait(NEVER, 0, 0, FULL_MS);
      else return code ?? String(error);
    }
  }
  return null;
}
