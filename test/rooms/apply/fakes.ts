/** Doors for the apply room: a clock that is moved by hand, a terminal that plays a script, a store in memory. */
import type { Event } from '../../../src/kernel/events.ts';
import { instantFromMs } from '../../../src/kernel/time.ts';
import type { Answer, Clock, EvidenceStore, Terminal } from '../../../src/ports.ts';

export class FakeClock implements Clock {
  wall = Date.parse('2026-11-22T12:00:00Z');
  mono = 1_000;

  now = () => instantFromMs(this.wall);
  monotonic = () => this.mono;
  pause = async (ms: number): Promise<void> => this.pass(ms);

  pass(ms: number): void {
    this.mono += ms;
    this.wall += ms;
  }
}

/** What a scripted person does at one prompt; `after` is how many milliseconds they take. */
export type Act = { readonly answer: Answer; readonly after?: number };

export const type = (text: string, after = 0): Act => ({ answer: { is: 'typed', text }, after });

export class FakeTerminal implements Terminal {
  readonly asked: { readonly text: string; readonly timeoutMs: number }[] = [];
  private readonly script: Act[];
  private readonly clock: FakeClock;
  private readonly why: string | null;

  constructor(clock: FakeClock, script: readonly Act[], why: string | null = null) {
    this.clock = clock;
    this.script = [...script];
    this.why = why;
  }

  unusable = () => this.why;

  async ask(prompt: { readonly text: string; readonly timeoutMs: number }): Promise<Answer> {
    this.asked.push(prompt);
    const act = this.script.shift();
    if (act === undefined) throw new Error('asked once more than the script has answers');
    this.clock.pass(act.after ?? 0);
    return act.answer;
  }
}

/** One environment's evidence in memory. `cut` loses the end of the next append and then fails, as a full disk does. */
export class FakeStore implements EvidenceStore {
  readonly where = 'memory';
  readonly files = new Map<string, Uint8Array>();
  readonly appended: string[] = [];
  cut: number | null = null;

  list = async () => [...this.files.keys()];
  read = async (name: string) => this.files.get(name) ?? null;
  create = async (name: string, bytes: Uint8Array) => void this.files.set(name, bytes);
  replace = async (name: string, bytes: Uint8Array) => void this.files.set(name, bytes);

  async append(name: string, line: string): Promise<void> {
    const whole = new TextEncoder().encode(`${line}\n`);
    const bytes = this.cut === null ? whole : whole.slice(0, this.cut);
    this.files.set(name, new Uint8Array([...(this.files.get(name) ?? []), ...bytes]));
    if (this.cut !== null) throw new Error('no space left on device');
    this.appended.push(line);
  }
}

export const collect = (): { readonly events: Event[]; readonly emit: (event: Event) => void } => {
  const events: Event[] = [];
  return { events, emit: (event) => void events.push(event) };
};
