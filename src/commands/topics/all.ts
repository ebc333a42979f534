/** Every topic of `govboot help`. Loaded when one is asked for. */
import { BREAK_GLASS } from './break-glass.ts';
import { EVIDENCE } from './evidence.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { GATES_TOPIC } from './gates.ts';
import type { Topic, TopicName } from './topic.ts';
import { TRUST } from './trust.ts';

export const TOPICS: Readonly<Record<TopicName, Topic>> = {
  trust: TRUST,
  gates: GATES_TOPIC,
  evidence: EVIDENCE,
  'break-glass': BREAK_GLASS,
  'exit-codes': EXIT_CODES,
};
