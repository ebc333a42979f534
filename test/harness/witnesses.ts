/** The product's own: it computes, and touches nothing. */
import { makeWitnesses } from '../../src/world/witnesses.ts';

export const witnesses = makeWitnesses();
