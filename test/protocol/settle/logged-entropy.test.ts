import { describe, expect, it } from 'vitest';
import { entropyData } from '#protocol/crypto/entropy';
import { loggedEntropy } from '#protocol/settle/logged-reports';
import { millis } from '#protocol/units';

const blockhash = new Uint8Array(32).fill(3);
const timestamp = 1_780_272_060;
const entropy = {
  kind: 'entropy',
  data: entropyData({ timestamp, blockhash }),
  timestamp,
  version: 0,
  slot: 7n,
  blockhash,
} as const;
const at = { receivedAt: millis(timestamp * 1000) };

describe('an entropy in a log', () => {
  it('counts where its data follows from its time and blockhash', () => {
    expect(loggedEntropy(entropy, at)).toMatchObject({ timestamp, receivedAt: at.receivedAt });
  });

  it("has no place under another time, so that no log shadows another's", () => {
    expect(loggedEntropy({ ...entropy, timestamp: timestamp - 180 }, at)).toBeNull();
    expect(loggedEntropy({ ...entropy, blockhash: new Uint8Array(32).fill(4) }, at)).toBeNull();
  });

  it('is taken as it is where no blockhash was recorded', () => {
    for (const none of [new Uint8Array(0), new Uint8Array(32)])
      expect(loggedEntropy({ ...entropy, timestamp: 1, blockhash: none }, at)).toMatchObject({
        timestamp: 1,
      });
  });
});
