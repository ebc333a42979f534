#!/usr/bin/env node
/** 70 stands until a run has decided: a promise that never settles must not look like success. */
import process from 'node:process';
import { bug, main } from '../src/main.ts';

process.exitCode = 70;
// Node would print what nobody caught raw, whoever wrote its text, and would go on with half of a run.
process.on('uncaughtException', (error) => {
  process.exit(bug(error));
});
process.exitCode = await main(process.argv.slice(2));
