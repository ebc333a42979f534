// An apply that brings a drifted backend back survives whatever happens to it.
import { describe } from 'vitest';
import { crashSuite } from './street/crash-suite.ts';
import { CORRECTING } from './street/crashing.ts';

describe('correcting', () => crashSuite(CORRECTING));
