/** Where something that was thrown came from, and what caused it. For the log only: a stack is never shown. */
import type { Json, JsonObject } from '../kernel/json.ts';

/** Causes that are told; a chain that goes on is a loop, or no help. */
const MOST_CAUSES = 8;

/** Name, message and stack of the error, of its cause, of the cause of that, and so on. */
export function stacksOf(error: unknown): Json {
  const told: JsonObject[] = [];
  let next: unknown = error;
  while (next !== undefined && told.length < MOST_CAUSES) {
    told.push(stackOf(next));
    next = next instanceof Error ? next.cause : undefined;
  }
  return told;
}

function stackOf(error: unknown): JsonObject {
  if (!(error instanceof Error)) return { thrown: String(error) };
  const parts = error instanceof AggregateError ? { errors: error.errors.map((one) => stackOf(one)) } : {};
  return { name: error.name, message: error.message, stack: error.stack ?? null, ...parts };
}
