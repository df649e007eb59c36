/** Knows within a call, and in all that comes of it, what the call was begun with. */
export interface CallScope<Store> {
  run<Result>(store: Store, call: () => Result): Result
  getStore(): Store | undefined
}

interface BuiltinHost {
  readonly process?: {
    readonly getBuiltinModule?: (id: string) => { readonly AsyncLocalStorage?: new () => CallScope<never> } | undefined
  }
}

/**
 * That of the runtime, as Node.js, Bun, Deno and workerd have it; in browsers one that knows only what is called before the
 * first `await`. It is asked for when it is needed and not imported, so that this loads, and bundles, where there is none.
 */
export function callScope<Store>(): CallScope<Store> {
  const { AsyncLocalStorage } = (globalThis as BuiltinHost).process?.getBuiltinModule?.('node:async_hooks') ?? {}
  return AsyncLocalStorage === undefined ? new SynchronousScope() : new AsyncLocalStorage()
}

class SynchronousScope<Store> implements CallScope<Store> {
  #store: Store | undefined

  run<Result>(store: Store, call: () => Result): Result {
    const outer = this.#store
    this.#store = store
    try {
      return call()
    } finally {
      this.#store = outer
    }
  }

  getStore(): Store | undefined {
    return this.#store
  }
}
