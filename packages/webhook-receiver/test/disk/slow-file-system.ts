import type { Clock } from '@holdfast/core'
import type { FileSystem } from '../../src/disk/file-system.ts'

/** A view of a file system, some of whose calls take a while before anything is done. `isSlow` is asked at each call, counted from 1. */
export function slowFileSystem(
  inner: FileSystem,
  clock: Clock,
  callMs: number,
  isSlow: (call: number) => boolean,
): FileSystem {
  let calls = 0
  const watch = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get: (_, name) => {
        const method: unknown = Reflect.get(target, name, target)
        if (typeof method !== 'function') return method
        return async (...parameters: unknown[]) => {
          calls++
          if (isSlow(calls)) await clock.sleep(callMs)
          const result: unknown = await Reflect.apply(method, target, parameters)
          return name === 'open' ? watch(result as object) : result
        }
      },
    })
  return watch(inner)
}
