/** What a topic of the help is made of. `help TOPIC`, the man pages and their test are views of it; `words` in back-ticks are literal. */

export type Block =
  | { readonly is: 'text'; readonly text: string }
  /** Terms, each with what is said of it. */
  | { readonly is: 'list'; readonly items: readonly (readonly [term: string, text: string])[] }
  /** Lines as they stand, at most 69 columns wide. */
  | { readonly is: 'code'; readonly lines: readonly string[] };

export interface Section {
  /** In capitals, as man pages have it. */
  readonly heading: string;
  readonly blocks: readonly Block[];
}

export interface Topic {
  readonly name: string;
  /** Beside the name in the first line; no full stop. */
  readonly title: string;
  readonly sections: readonly Section[];
  /** Commands, topics and documents, as they are typed or named. */
  readonly seeAlso: readonly string[];
}

export const say = (text: string): Block => ({ is: 'text', text });
export const list = (...items: readonly (readonly [string, string])[]): Block => ({ is: 'list', items });
export const code = (...lines: readonly string[]): Block => ({ is: 'code', lines });
export const section = (heading: string, ...blocks: readonly Block[]): Section => ({ heading, blocks });

/** Names of the topics, in the order in which they are offered. */
export const TOPIC_NAMES = ['trust', 'gates', 'evidence', 'break-glass', 'exit-codes'] as const;
export type TopicName = (typeof TOPIC_NAMES)[number];
