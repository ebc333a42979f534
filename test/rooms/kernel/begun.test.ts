import { describe, expect, test, vi } from 'vitest';
import { begun } from '../../../src/kernel/begun.ts';

describe('begun', () => {
  test('gives what the work gives, or throws what went wrong, where it is awaited', async () => {
    await expect(begun(Promise.resolve(7))).resolves.toBe(7);
    await expect(begun(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  test('is quiet where nobody waits any more', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    void begun(Promise.reject(new Error('no')));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
