import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Random } from '@holdfast/core'
import type { FileSystem } from '../../src/disk/file-system.ts'

// One call of this many takes so many turns more than the others.
const LATE_CALLS = 0.15
const MOST_TURNS = 40

/** A view of a file system whose calls overtake each other: some begin late, some are answered late. */
export function unevenFileSystem(inner: FileSystem, random: Random): FileSystem {
  const delay = async (): Promise<void> => {
    if (random.next() >= LATE_CALLS) return
    for (let turns = random.next() * MOST_TURNS; turns > 0; turns--) await nextTurn()
  }
  const watch = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get: (_, name) => {
        const method: unknown = Reflect.get(target, name, target)
        if (typeof method !== 'function') return method
        return async (...parameters: unknown[]) => {
          await delay()
          const result: unknown = await Reflect.apply(method, target, parameters)
          await delay()
          return name === 'open' ? watch(result as object) : result
        }
      },
    })
  return watch(inner)
}
