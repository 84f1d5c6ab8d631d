/** A queue that yields its least entry first, by a comparison of two: a binary heap. */
export class PriorityQueue<Entry> {
  readonly #heap: Entry[] = [];
  readonly #compare: (a: Entry, b: Entry) => number;

  constructor(compare: (a: Entry, b: Entry) => number) {
    this.#compare = compare;
  }

  push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#compare(entry, heap[parent] as Entry) >= 0) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  pop(): Entry | undefined {
    const heap = this.#heap;
    const least = heap[0];
    const last = heap.pop();
    if (heap.length > 0) this.#sink(last as Entry);
    return least;
  }

  /** Puts an entry at the top and lets it sink to its place. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      const other = child + 1;
      const less = other < heap.length && this.#compare(heap[other] as Entry, heap[child] as Entry) < 0 ? other : child;
      if (this.#compare(heap[less] as Entry, entry) >= 0) break;
      heap[index] = heap[less] as Entry;
      index = less;
    }
    heap[index] = entry;
  }
}
