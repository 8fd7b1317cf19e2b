import { describe, expect, test } from 'vitest';
import { explain } from '#protocol/verify/explain/explain';
import { PROVOKED } from '../../support/provoked-verdicts.ts';

describe('a verdict explains itself', () => {
  test.each(PROVOKED)('%s', (sentence, provoke) => {
    const { verdict, policy } = provoke();
    expect(explain(verdict, policy)).toBe(sentence);
  });
});
