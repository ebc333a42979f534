/** The most memory that a process has had, as Linux keeps it (proc_pid_status(5), VmHWM). */
import { readFileSync } from 'node:fs';

const EVERY_MS = 40;

/** Looks until it is asked. @returns a function that ends it and gives MiB; null where the system does not tell */
export function watchMemory(pid: number): () => number | null {
  let most: number | null = null;
  const look = (): void => {
    try {
      const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
      // The kernel's own figure only grows, but for one time: until the child has become its program, it is its parent's.
      if (kib !== undefined) most = Number(kib) / 1024;
    } catch {
      // The process has ended, or there is no /proc.
    }
  };
  const timer = setInterval(look, EVERY_MS);
  look();
  return () => {
    clearInterval(timer);
    return most;
  };
}
