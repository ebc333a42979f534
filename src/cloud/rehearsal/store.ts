/** Where the rehearsal's state lives while it is used: in memory here, in a file in state-file.ts. */
import type { Json } from '../../kernel/json.ts';
import { emptyState, restoreState, snapshotOf, type CloudState } from './state.ts';

export interface StateStore {
  /**
   * Gives `work` the newest state and keeps what it did, all or nothing; one at a time, across everyone who has this store.
   * @param changes whether the work may change the state
   */
  hold<T>(changes: boolean, work: (state: CloudState) => T): Promise<T>;
  /** Things that a call is changing right now, for the conflicts of two at once. */
  readonly busy: Set<string>;
  snapshot(): Promise<Json>;
}

export interface MemoryOptions {
  readonly seed: number;
  /** A snapshot to go on from. */
  readonly state?: Json;
  /** Told after each call that changed something. */
  readonly onChange?: (snapshot: Json) => void;
}

/** Two clouds with one store are two callers of one AWS. */
export function memoryStore(options: MemoryOptions): StateStore {
  let state = options.state === undefined ? emptyState(options.seed) : restoreState(options.state);
  return {
    busy: new Set(),
    async hold(changes, work) {
      if (!changes) return work(state);
      const draft = structuredClone(state);
      const answer = work(draft);
      state = draft;
      options.onChange?.(snapshotOf(state));
      return answer;
    },
    snapshot: async () => snapshotOf(state),
  };
}
