const [free, taken] = [0, 1];

/** Does work while no other thread that shares the lock does. The thread blocks until its turn comes. */
export async function exclusively<R>(lock: Int32Array<SharedArrayBuffer>, work: () => Promise<R>): Promise<R> {
  while (Atomics.compareExchange(lock, 0, free, taken) !== free) Atomics.wait(lock, 0, taken);
  try {
    return await work();
  } finally {
    Atomics.store(lock, 0, free);
    Atomics.notify(lock, 0, 1);
  }
}
