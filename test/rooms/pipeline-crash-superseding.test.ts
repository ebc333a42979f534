// An apply that changes a locked backend survives whatever happens to it.
import { describe } from 'vitest';
import { crashSuite } from './street/crash-suite.ts';
import { SUPERSEDING } from './street/crashing.ts';

describe('superseding', () => crashSuite(SUPERSEDING));
