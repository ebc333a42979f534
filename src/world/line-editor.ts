/** Keys → a line, or what happened instead of one. Pure over its own state: the terminal feeds it bytes and echoes what it says. */
import type { Answer } from '../ports.ts';

/** Milliseconds that each further key takes at the very least; a faster line was not typed by a person. */
const MS_PER_KEY = 3;
/** Lines up to this length are never taken for a paste: a slow connection may deliver a few keys at once. */
const SHORT = 3;
/** Keys that a slow connection may deliver at once; the token has eleven, so that one half of it is always more. */
const MOST_AT_ONCE = 5;
/** Characters that are kept; no answer that is asked for is nearly as long. */
const MOST = 256;
/** Characters of a control sequence that are looked at: enough for the marks of a bracketed paste. */
const MOST_PARAMETERS = 8;

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const CTRL_W = '\u0017';
const CTRL_BACKSLASH = '\u001c';
const ESC = '\u001b';
/** What the terminal sends before and after pasted text once bracketed paste is on (xterm, DECSET 2004). */
const PASTE_BEGINS = '200~';
const PASTE_ENDS = '201~';

export interface Fed {
  /** What to write to the terminal. */
  readonly echo: string;
  readonly answer: Answer | null;
}

export class LineEditor {
  private readonly prompt: string;
  private readonly columns: () => number;
  private readonly decoder = new TextDecoder();
  private text: string[] = [];
  private keys = 0;
  private firstAt = 0;
  private lastAt = 0;
  /** Keys that came together with the last one. */
  private atOnce = 0;
  private pasted = false;
  /** Between the two marks of a bracketed paste, where no key can be somebody's second thought. */
  private isPasting = false;
  /** Where in an escape sequence the input is (ECMA-48 §5.4); one character at a time, so that chunks may end anywhere. */
  private sequence: 'none' | 'escape' | 'control' | 'single shift' = 'none';
  private parameters = '';

  /** @param prompt stands before the line; @param columns of the window as it is now */
  constructor(prompt = '', columns: () => number = () => Infinity) {
    this.prompt = prompt;
    this.columns = columns;
  }

  /** @param at milliseconds of a monotonic clock. Bytes after an answer belong to nobody. */
  feed(bytes: Uint8Array, at: number): Fed {
    let echo = '';
    for (const key of this.decoder.decode(bytes, { stream: true })) {
      if (this.swallows(key)) continue;
      const answer = this.answerTo(key);
      if (answer !== null) return { echo, answer };
      echo += this.press(key, at);
    }
    return { echo, answer: null };
  }

  /** Arrows, function keys and the marks of a paste are no text. A control character ends any sequence and counts itself. */
  private swallows(key: string): boolean {
    if (key === ESC) {
      this.sequence = 'escape';
      return true;
    }
    const before = this.sequence;
    if (before === 'none') return false;
    this.sequence = 'none';
    if (key < ' ' || key === '\u007f') return false;
    if (before === 'escape' && (key === '[' || key === 'O')) {
      this.sequence = key === '[' ? 'control' : 'single shift';
      this.parameters = '';
    } else if (before === 'control') {
      if (this.parameters.length < MOST_PARAMETERS) this.parameters += key;
      // Parameter and intermediate bytes are 0x20 to 0x3F; the first other one is the last.
      if (key <= '?') this.sequence = 'control';
      else this.mark(this.parameters);
    }
    return true;
  }

  private mark(sequence: string): void {
    if (sequence === PASTE_BEGINS) this.pasted = this.isPasting = true;
    else if (sequence === PASTE_ENDS) this.isPasting = false;
  }

  private answerTo(key: string): Answer | null {
    if (key === CTRL_C || key === CTRL_D || key === CTRL_BACKSLASH) return { is: 'cancelled' };
    if (key !== '\r' && key !== '\n') return null;
    const isTooFast = this.keys > SHORT && this.lastAt - this.firstAt < (this.keys - 1) * MS_PER_KEY;
    return this.pasted || isTooFast ? { is: 'pasted' } : { is: 'typed', text: this.text.join('') };
  }

  private press(key: string, at: number): string {
    if (key === '\u007f' || key === '\b') return this.erase(1);
    if (key === CTRL_U || key === CTRL_W) return this.erase(this.text.length);
    if (key < ' ' || this.text.length >= MOST) return '';
    if (this.keys === 0) this.firstAt = at;
    this.atOnce = at - this.lastAt < MS_PER_KEY ? this.atOnce + 1 : 1;
    this.lastAt = at;
    this.keys += 1;
    if (this.atOnce > MOST_AT_ONCE) this.pasted = true;
    this.text.push(key);
    return echoOf(key);
  }

  private erase(count: number): string {
    // No terminal steps back over its left edge: what was erased there would stay on the screen, and seem to count.
    const isBroken = this.prompt.length + this.text.length >= this.columns();
    const erased = this.text.splice(Math.max(0, this.text.length - count)).length;
    // An empty line is a new beginning, also for who pasted first and then thought better of it.
    if (this.text.length === 0) {
      this.keys = 0;
      this.pasted = this.isPasting;
    }
    return isBroken && erased > 0
      ? `\r\n${this.prompt}${this.text.map(echoOf).join('')}`
      : '\b \b'.repeat(erased);
  }
}

/** Printable ASCII only is echoed as itself: nothing typed can hide or repaint. */
function echoOf(key: string): string {
  return key <= '~' ? key : '?';
}
