#!/usr/bin/env node
/** 70 stands until a run has decided: a promise that never settles must not look like success. */
import process from 'node:process';
import { main } from '../src/main.ts';

process.exitCode = 70;
process.exitCode = await main(process.argv.slice(2));
