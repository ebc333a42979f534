#!/usr/bin/env node
/** 70 stands until a run has decided: a promise that never settles must not look like success. */
import process from 'node:process';
import { printRenderedHelp } from './help.ts';

const argv = process.argv.slice(2);
if (!printRenderedHelp(argv)) {
  process.exitCode = 70;
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The same here: what the run decides is its exit code, whoever is still reading.
      if (error.code !== 'EPIPE') throw error;
    });
  const { bug, main } = await import('../src/main.ts');
  // Node would print what nobody caught raw, whoever wrote its text, and would go on with half of a run.
  process.on('uncaughtException', (error) => {
    process.exit(bug(error));
  });
  process.exitCode = await main(argv);
}
