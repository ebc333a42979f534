import { describe, expect, test } from 'vitest';
import { pages } from '../../../../src/cloud/aws/resource.ts';

interface Page {
  readonly items: readonly number[];
  readonly after?: string;
}

const list = (all: Readonly<Record<string, Page>>, asked: (string | undefined)[] = []) =>
  pages(
    async (marker) => {
      asked.push(marker);
      return all[marker ?? 'first'] ?? { items: [] };
    },
    ({ after }) => after,
  );

describe('the pages of a listing', () => {
  test('are read one after another, to the one that names no other', async () => {
    const asked: (string | undefined)[] = [];
    const read = await list(
      { first: { items: [1], after: 'b' }, b: { items: [2], after: 'c' }, c: { items: [3], after: '' } },
      asked,
    );
    expect(read.flatMap(({ items }) => items)).toEqual([1, 2, 3]);
    expect(asked).toEqual([undefined, 'b', 'c']);
  });

  test('that lead back to one that was read end the reading, and are told', async () => {
    const asked: (string | undefined)[] = [];
    const circle = {
      first: { items: [1], after: 'b' },
      b: { items: [2], after: 'c' },
      c: { items: [3], after: 'b' },
    };
    await expect(list(circle, asked)).rejects.toMatchObject({
      code: 'CLOUD_FAILED',
      message: expect.stringContaining('in a circle: the page after "b" again'),
    });
    expect(asked).toEqual([undefined, 'b', 'c']);
  });
});
