/**
 * The rehearsal's state on disk, so that it outlives the process and several processes can share it.
 *
 * Each change is a new file, `name.00000007`, written whole, synced, and put in place by link(2), which succeeds for one
 * process only: who comes second reads the newest state and does its work again. There is no lock, so a killed process
 * leaves nothing behind that others would have to wait for, and a half-written state never has a name.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { GovbootError } from '../../kernel/errors.ts';
import { emptyState, restoreState, snapshotOf, type CloudState } from './state.ts';
import type { StateStore } from './store.ts';

export interface StateFileOptions {
  /** Base name; the files beside it are `file.00000001`, `file.00000002`, … */
  readonly file: string;
  /** Used when there is no state yet. */
  readonly seed: number;
}

const DIGITS = 8;
/**
 * States that stay. A number is free again only once so many newer ones are there; so whoever put a state in place, and finds fewer
 * than that after it, was in time, and others have built on it since.
 */
const KEPT = 16;
/** Lost races in a row after which something is wrong with the file system, not with the timing. */
const MAX_TRIES = 1000;

interface Generation {
  readonly number: number;
  readonly state: CloudState;
}

let written = 0;

export function openStateFile(options: StateFileOptions): StateStore {
  const file = options.file;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return {
    busy: new Set(),
    async hold(changes, work) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const { number, state } = newest(options);
        const answer = work(state);
        if (!changes || commit(file, number + 1, state)) return answer;
      }
      throw new GovbootError(
        'CLOUD_FAILED',
        `the rehearsal state "${file}" is changed by others without end`,
      );
    },
    snapshot: async () => snapshotOf(newest(options).state),
  };
}

function newest({ file, seed }: StateFileOptions): Generation {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const number = numbers(file).at(-1);
    if (number === undefined) return { number: 0, state: emptyState(seed) };
    const state = open(pathOf(file, number));
    if (state !== null) return { number, state };
  }
  throw new GovbootError(
    'CLOUD_FAILED',
    `the rehearsal state "${file}" cannot be read: it is gone each time it is opened`,
  );
}

/** null when the file has just been cleared away, because a newer one is there. */
function open(path: string): CloudState | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
  try {
    return restoreState(JSON.parse(text));
  } catch (cause) {
    throw new GovbootError('CLOUD_FAILED', `the rehearsal state "${path}" is not one`, {
      hint: 'delete it to start the rehearsal anew',
      cause,
    });
  }
}

/** False when somebody else was first. */
function commit(file: string, number: number, state: CloudState): boolean {
  const draft = `${file}.draft-${process.pid}-${++written}`;
  writeSynced(draft, JSON.stringify(state));
  const path = pathOf(file, number);
  let all: readonly number[];
  try {
    linkSync(draft, path);
    all = numbers(file);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  if ((all.at(-1) ?? 0) >= number + KEPT) {
    // The number was free only because it had been cleared away.
    rmSync(path, { force: true });
    return false;
  }
  syncFolder(dirname(file));
  for (const old of all.slice(0, -KEPT)) rmSync(pathOf(file, old), { force: true });
  return true;
}

function writeSynced(path: string, text: string): void {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function pathOf(file: string, number: number): string {
  return `${file}.${String(number).padStart(DIGITS, '0')}`;
}

function numbers(file: string): readonly number[] {
  const prefix = `${basename(file)}.`;
  return readdirSync(dirname(join(file)))
    .flatMap((name) => {
      const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
      return /^\d{8,}$/.test(digits) ? [Number(digits)] : [];
    })
    .sort((a, b) => a - b);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
