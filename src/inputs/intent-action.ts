/** What an intent may ask for. Apart from its schema, which the command line does without. */

/**
 * create: the backend is not there. adopt: what is there was made by hand, or by a run whose evidence is lost. supersede: changes what a
 * lock says. correct: brings back what the lock says.
 */
export const INTENT_ACTIONS = ['create', 'adopt', 'supersede', 'correct'] as const;
export type IntentAction = (typeof INTENT_ACTIONS)[number];

/** Of a locked backend, so the intent names the lock. */
export const isOfLock = (action: IntentAction): boolean => action === 'supersede' || action === 'correct';
