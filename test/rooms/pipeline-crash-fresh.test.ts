// A fresh apply survives whatever happens to it.
import { describe } from 'vitest';
import { crashSuite } from './street/crash-suite.ts';
import { FRESH } from './street/crashing.ts';

describe('fresh', () => crashSuite(FRESH));
