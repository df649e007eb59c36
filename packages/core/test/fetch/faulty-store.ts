import type { Clock, StateStore } from '../../src/index.ts'

/** A store that fails as it is told, and counts what it is asked. */
export interface FaultyStore extends StateStore {
  asked: number
  fault: Fault
  /** The keys that were asked for. */
  readonly keys: Set<string>
}

export type Fault = 'none' | 'throws' | 'hangs' | 'is slow' | 'conflicts' | 'answers nonsense'

/** @param script - What it does, one exchange after the other; empty: what `fault` says. */
export function faultyStore(inner: () => StateStore, clock: () => Clock, script: readonly Fault[] = []): FaultyStore {
  const under = async <Reply>(work: () => Promise<Reply>): Promise<Reply> => {
    store.fault = script[store.asked % script.length] ?? store.fault
    store.asked++
    switch (store.fault) {
      case 'throws':
        throw new Error('connect ECONNREFUSED redis://user:secret@10.0.0.1')
      case 'hangs':
        return new Promise<never>(() => {})
      case 'is slow':
        await clock().sleep(2_000)
        return work()
      case 'answers nonsense':
        return 'nonsense' as Reply
      case 'conflicts':
      case 'none':
        return work()
    }
  }
  const store: FaultyStore = {
    asked: 0,
    fault: 'none',
    get caps() {
      return inner().caps
    },
    keys: new Set(),
    get: (key, signal) => {
      store.keys.add(key)
      return under(() => inner().get(key, signal))
    },
    compareAndSet: (key, change, signal) =>
      under(() =>
        inner().compareAndSet(key, store.fault === 'conflicts' ? { ...change, expected: 'another' } : change, signal),
      ),
    acquire: (name, leaseMs, signal) => under(() => inner().acquire(name, leaseMs, signal)),
    renew: (lease, leaseMs, signal) => under(() => inner().renew(lease, leaseMs, signal)),
    release: (lease, signal) => under(() => inner().release(lease, signal)),
  }
  return store
}
