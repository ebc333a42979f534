/** The doctor: facts in, diagnoses out. Nothing is read, asked or written here. */
import { judgeCloud } from './cloud.ts';
import type { Diagnosis, DoctorFacts } from './facts.ts';
import { judgeMachine } from './machine.ts';
import { judgeRepository } from './repository.ts';

/** Every check, always, in one order: what could not be looked at is said. */
export function diagnose(facts: DoctorFacts): readonly Diagnosis[] {
  return [...judgeMachine(facts), ...judgeRepository(facts), ...judgeCloud(facts)];
}
