import process from 'node:process';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { readNotRun } from './harness/capabilities.ts';

/** Ends the output with what could not be run and why, and one last line: "N passed, N failed, N skipped". */
export default class CiReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    // Something that threw outside a test is no test, and no success either.
    const n = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      n.failed += module.errors().length;
      for (const suite of module.children.allSuites()) n.failed += suite.errors().length;
      for (const test of module.children.allTests()) n[test.result().state] += 1;
    }
    const notRun = readNotRun();
    // A pending test was begun and never ended: the run was cut short.
    const counts = `${n.passed} passed, ${n.failed + n.pending} failed, ${n.skipped} skipped`;
    // At exit, because the coverage table comes after this event and the counts come after everything.
    process.once('exit', () => {
      for (const { what, why } of notRun) console.log(`NOT RUN: ${what}, because ${why}`);
      console.log(counts);
    });
  }
}
