import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import type { DrainFixture } from './drain-fixture.ts'

type Method = 'acquire' | 'read' | 'load' | 'commit' | 'deadLetter' | 'park' | 'readParked' | 'renew'

/** A consumer whose methods fail while `broken` holds their name. */
export function breakable(): { readonly broken: Set<Method>; readonly wrap: (inner: Consumer) => Consumer } {
  const broken = new Set<Method>()
  const check = (method: Method): void => {
    if (broken.has(method)) throw new BufferError('buffer_failed', `${method} failed`)
  }
  return {
    broken,
    wrap: (inner) => ({
      ...inner,
      acquire: async (options) => (check('acquire'), inner.acquire(options)),
      read: async (...args) => (check('read'), inner.read(...args)),
      load: async (lease) => (check('load'), inner.load(lease)),
      commit: async (...args) => (check('commit'), inner.commit(...args)),
      deadLetter: async (...args) => (check('deadLetter'), inner.deadLetter(...args)),
      park: async (...args) => (check('park'), inner.park(...args)),
      readParked: async (...args) => (check('readParked'), inner.readParked(...args)),
      renew: async (...args) => (check('renew'), inner.renew(...args)),
    }),
  }
}

/** Messages of the failures that a drain reported. */
export const failures = ({ heard }: DrainFixture): string[] =>
  heard.of('drain:failed').map(({ error }) => (error as Error).message)
