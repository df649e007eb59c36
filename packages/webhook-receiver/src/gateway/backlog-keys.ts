/** Which ordering keys have stored requests that the target does not have yet. */
export interface BacklogKeys {
  /** Stored requests that are not done, those of earlier runs included. */
  readonly size: number
  /** Whether a new request with this key must wait behind another one. `undefined`: it is not ordered. */
  has(key: string | undefined): boolean
  /** A request is going to be stored. Before it is, so that none with its key passes meanwhile. */
  add(key: string | undefined): void
  /** One that was added is done, or was not stored after all. */
  remove(key: string | undefined): void
  /** One that an earlier run had stored is done. */
  removeInherited(): void
  /** All that earlier runs had stored are done, or lost. */
  forgetInherited(): void
  /** All are done, or lost. */
  forgetAll(): void
}

/**
 * Counts waiting requests by key. Of those that an earlier run left nobody knows the keys without reading them all: as long as one is
 * there, every key counts as waiting. The same holds while more than `maxKeys` keys wait.
 *
 * @param inherited - Requests that an earlier run left.
 */
export function createBacklogKeys(inherited: number, maxKeys: number): BacklogKeys {
  const counts = new Map<string, number>()
  let left = inherited
  // Waiting requests whose key is not in the table: unordered ones, and those of keys that found no room.
  let unordered = 0
  let uncounted = 0
  let counted = 0

  return {
    get size() {
      return left + unordered + uncounted + counted
    },
    has(key) {
      if (key === undefined) return false
      return left > 0 || uncounted > 0 || counts.has(key)
    },
    add(key) {
      if (key === undefined) {
        unordered++
        return
      }
      const count = counts.get(key)
      if (count === undefined && counts.size >= maxKeys) {
        uncounted++
        return
      }
      counted++
      counts.set(key, (count ?? 0) + 1)
    },
    remove(key) {
      if (key === undefined) {
        unordered--
        return
      }
      const count = counts.get(key)
      if (count === undefined) {
        uncounted--
        return
      }
      counted--
      if (count === 1) counts.delete(key)
      else counts.set(key, count - 1)
    },
    removeInherited() {
      if (left > 0) left--
    },
    forgetInherited() {
      left = 0
    },
    forgetAll() {
      counts.clear()
      left = 0
      unordered = 0
      uncounted = 0
      counted = 0
    },
  }
}
