/** What Node and libraries would print: to the log, where there is one, and never to the terminal. */
import process from 'node:process';
import { format } from 'node:util';
import type { Event } from '../kernel/events.ts';

/** What libraries print with; some of it is what a server answered, as it came. */
const SPOKEN = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

/**
 * Sends the warnings of Node, and all that libraries would print, to the log instead of the terminal. Call it before any SDK is loaded.
 * @returns puts everything back
 */
export function captureWarnings(log: (event: Event) => void): () => void {
  const releaseConsole = captureConsole(log);
  const before = process.listeners('warning');
  const variable = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const set = process.env[variable];
  const listener = (warning: Error): void => {
    log({
      type: 'log',
      level: 'warn',
      text: `${warning.name}: ${warning.message}`,
      data: { stack: warning.stack ?? null },
    });
  };
  // Node prints through a listener of its own, which is among these.
  process.removeAllListeners('warning');
  process.on('warning', listener);
  process.env[variable] = 'true';
  return () => {
    releaseConsole();
    process.removeListener('warning', listener);
    for (const earlier of before) process.on('warning', earlier);
    if (set === undefined) Reflect.deleteProperty(process.env, variable);
    else process.env[variable] = set;
  };
}

function captureConsole(log: (event: Event) => void): () => void {
  const { console: speaker } = globalThis;
  const before = { ...speaker };
  const written = (name: string, said: readonly unknown[]): void => {
    const level = name === 'error' || name === 'warn' ? 'warn' : 'debug';
    log({ type: 'log', level, text: format(...said), data: { printed_with: `console.${name}` } });
  };
  Object.assign(
    speaker,
    Object.fromEntries(
      SPOKEN.map((name) => [
        name,
        (...said: readonly unknown[]) => {
          written(name, said);
        },
      ]),
    ),
  );
  return () => {
    Object.assign(speaker, before);
  };
}
