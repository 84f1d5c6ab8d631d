/** Does something when asked, but at most once in so many milliseconds, and for at most a twentieth of the time. */
export interface Sparingly<A extends readonly unknown[]> {
  (...values: A): void;
  /** Does it whatever the time. */
  now(...values: A): void;
}

export function sparingly<A extends readonly unknown[]>(interval: number, work: (...values: A) => void): Sparingly<A> {
  let next = Number.NEGATIVE_INFINITY;
  const now = (...values: A): void => {
    const start = performance.now();
    work(...values);
    const end = performance.now();
    next = Math.max(start + interval, end + 20 * (end - start));
  };
  const ask = (...values: A): void => {
    if (performance.now() >= next) now(...values);
  };
  return Object.assign(ask, { now });
}
