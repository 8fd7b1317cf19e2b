/** The leaf of cells that lie in no region. */
export const NO_REGION = 15;

/** Cells of resolution 0, and so the least index of a child. */
const BASE_CELLS = 122;
const CHILDREN = 7;

/**
 * The tree of cells as nodes, those of resolution 0 first: a region's number in the wire enum, or NO_REGION, that holds for
 * all of the cell, or the index of the first of its seven children, by their H3 digit. Nodes follow each other level by
 * level, one codeword each: 0 the last leaf again; 10 the leaf before that, which become last and before last by turns;
 * 110 children; 1110000 to 1111111 a leaf by its four bits. Both leaves are NO_REGION at first, bits count from the high
 * one of a byte. A pentagon's child of digit 1 is no cell and has the codeword 0.
 */
export function regionNodes(encoded: Uint8Array): readonly number[] {
  const nodes: number[] = [];
  let [last, before, children, at] = [NO_REGION, NO_REGION, BASE_CELLS, 0];
  const bit = (): number => {
    const byte = encoded[at >> 3] ?? 0;
    at += 1;
    return (byte >> (7 - ((at - 1) & 7))) & 1;
  };
  while (nodes.length < children) {
    if (bit() === 0) nodes.push(last);
    else if (bit() === 0) {
      [last, before] = [before, last];
      nodes.push(last);
    } else if (bit() === 0) {
      nodes.push(children);
      children += CHILDREN;
    } else {
      [last, before] = [(bit() << 3) | (bit() << 2) | (bit() << 1) | bit(), last];
      nodes.push(last);
    }
  }
  return nodes;
}

/**
 * The leaf of a cell: of the node that it or an ancestor of it is, NO_REGION where only some of its descendants have a leaf
 * of one kind.
 */
export function leafOf(nodes: readonly number[], cell: bigint): number {
  // 40 bits: mode, resolution, base cell and the digits of resolutions 1 to 7, which are as fine as the table is.
  const bits = Number(cell >> 24n);
  const resolution = Math.floor(bits / 2 ** 28) & 0xf;
  const digits = bits % 2 ** 28;
  let node = nodes[digits >> 21] ?? NO_REGION;
  for (let level = 1; node >= BASE_CELLS && level <= resolution; level += 1)
    node = nodes[node + ((digits >> (21 - 3 * level)) & 7)] ?? NO_REGION;
  return node < BASE_CELLS ? node : NO_REGION;
}
