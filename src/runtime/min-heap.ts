// A binary heap: gives the smallest of many, while new ones keep coming.

export interface MinHeap<T> {
  push(item: T): void;
  /** The smallest; undefined: there is none. */
  peek(): T | undefined;
  /** Removes and returns the smallest. */
  pop(): T | undefined;
}

export function createMinHeap<T>(isBefore: (a: T, b: T) => boolean): MinHeap<T> {
  return new BinaryHeap(isBefore);
}

class BinaryHeap<T> implements MinHeap<T> {
  /** The children of the item at i are at 2i+1 and 2i+2, and neither is before it. */
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  pop(): T | undefined {
    this.#swap(0, this.#items.length - 1);
    const smallest = this.#items.pop();
    this.#sink();
    return smallest;
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isBeforeAt(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = this.#isBeforeAt(right, left) ? right : left;
      if (!this.#isBeforeAt(child, at)) return;
      this.#swap(child, at);
      at = child;
    }
  }

  /** False where there is no item. */
  #isBeforeAt(a: number, b: number): boolean {
    const [first, second] = [this.#items[a], this.#items[b]];
    return first !== undefined && second !== undefined && this.#isBefore(first, second);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#items[a], this.#items[b]];
    if (first === undefined || second === undefined) return;
    this.#items[a] = second;
    this.#items[b] = first;
  }
}
