/**
 * Ranges of u32 (DevAddrs), each of a route; ranges of different routes may overlap. A treap over (first, last, route) in
 * which every node knows the largest end below it: adding, removing and finding take logarithmic time, in a few arrays.
 */
export interface RangeMap {
  readonly size: number;
  /** `first` to `last`, both included. */
  add(range: RouteRange): void;
  /** false where there is no such range. */
  remove(range: RouteRange): boolean;
  /** The routes with a range that holds the address, each as often as it has one. */
  find(address: number): number[];
}

export interface RouteRange {
  readonly first: number;
  readonly last: number;
  readonly route: number;
}

const NONE = 0;
const FIRST_CAPACITY = 1024;

export function openRangeMap(): RangeMap {
  return new Treap();
}

class Treap implements RangeMap {
  size = 0;
  #root = NONE;
  /** Nodes that were removed, to be used again. */
  readonly #free: number[] = [];
  #used = 1;
  #first = new Uint32Array(FIRST_CAPACITY);
  #last = new Uint32Array(FIRST_CAPACITY);
  #route = new Uint32Array(FIRST_CAPACITY);
  /** The largest end in the node's subtree. */
  #most = new Uint32Array(FIRST_CAPACITY);
  #rank = new Uint32Array(FIRST_CAPACITY);
  #left = new Uint32Array(FIRST_CAPACITY);
  #right = new Uint32Array(FIRST_CAPACITY);
  /** What `#split` answers. */
  #below = NONE;
  #above = NONE;

  add(range: RouteRange): void {
    const node = this.#make(range);
    this.#root = this.#insert(this.#root, node, range);
    this.size += 1;
  }

  remove(range: RouteRange): boolean {
    const before = this.size;
    this.#root = this.#delete(this.#root, range);
    return this.size < before;
  }

  find(address: number): number[] {
    const found: number[] = [];
    this.#collect(this.#root, address, found);
    return found;
  }

  #collect(from: number, address: number, found: number[]): void {
    let node = from;
    while (node !== NONE && at(this.#most, node) >= address) {
      this.#collect(at(this.#left, node), address, found);
      // Everything to the right begins later still.
      if (at(this.#first, node) > address) return;
      if (at(this.#last, node) >= address) found.push(at(this.#route, node));
      node = at(this.#right, node);
    }
  }

  #insert(root: number, node: number, range: RouteRange): number {
    if (root === NONE) return node;
    if (at(this.#rank, node) > at(this.#rank, root)) {
      this.#split(root, range);
      this.#left[node] = this.#below;
      this.#right[node] = this.#above;
      return this.#update(node);
    }
    if (this.#compare(root, range) > 0) this.#left[root] = this.#insert(at(this.#left, root), node, range);
    else this.#right[root] = this.#insert(at(this.#right, root), node, range);
    return this.#update(root);
  }

  /** Nodes before the range go below, all others above. */
  #split(root: number, range: RouteRange): void {
    if (root === NONE) {
      this.#below = this.#above = NONE;
    } else if (this.#compare(root, range) < 0) {
      this.#split(at(this.#right, root), range);
      this.#right[root] = this.#below;
      this.#below = this.#update(root);
    } else {
      this.#split(at(this.#left, root), range);
      this.#left[root] = this.#above;
      this.#above = this.#update(root);
    }
  }

  #delete(root: number, range: RouteRange): number {
    if (root === NONE) return NONE;
    const order = this.#compare(root, range);
    if (order === 0) {
      this.size -= 1;
      this.#free.push(root);
      return this.#merge(at(this.#left, root), at(this.#right, root));
    }
    if (order > 0) this.#left[root] = this.#delete(at(this.#left, root), range);
    else this.#right[root] = this.#delete(at(this.#right, root), range);
    return this.#update(root);
  }

  #merge(left: number, right: number): number {
    if (left === NONE) return right;
    if (right === NONE) return left;
    if (at(this.#rank, left) > at(this.#rank, right)) {
      this.#right[left] = this.#merge(at(this.#right, left), right);
      return this.#update(left);
    }
    this.#left[right] = this.#merge(left, at(this.#left, right));
    return this.#update(right);
  }

  #compare(node: number, { first, last, route }: RouteRange): number {
    return at(this.#first, node) - first || at(this.#last, node) - last || at(this.#route, node) - route;
  }

  #update(node: number): number {
    // `most` of no node is 0, below every end.
    const below = Math.max(at(this.#most, at(this.#left, node)), at(this.#most, at(this.#right, node)));
    this.#most[node] = Math.max(at(this.#last, node), below);
    return node;
  }

  #make({ first, last, route }: RouteRange): number {
    const node = this.#free.pop() ?? this.#used++;
    if (node >= this.#first.length) this.#grow();
    this.#first[node] = first;
    this.#last[node] = this.#most[node] = last;
    this.#route[node] = route;
    this.#rank[node] = mixed(node ^ Math.imul(first, 0x9e3779b1) ^ Math.imul(route, 0x85ebca6b));
    this.#left[node] = this.#right[node] = NONE;
    return node;
  }

  #grow(): void {
    this.#first = doubled(this.#first);
    this.#last = doubled(this.#last);
    this.#route = doubled(this.#route);
    this.#most = doubled(this.#most);
    this.#rank = doubled(this.#rank);
    this.#left = doubled(this.#left);
    this.#right = doubled(this.#right);
  }
}

function at(values: Uint32Array, node: number): number {
  return values[node] ?? 0;
}

function doubled(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(values.length * 2);
  grown.set(values);
  return grown;
}

/** MurmurHash3's last steps: ranks that owners of routes cannot bring into an order by chance. */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
