/** A function made by `createFetch`, as another one calls it that repeats calls itself. */
export type SendNested = typeof globalThis.fetch

// A registered symbol, so that a function of another copy of this package is known too.
const nested: unique symbol = Symbol.for('holdfast.sendNested') as never

/** Lets `fetch` be called without its own retries. */
export function allowNesting(fetch: object, send: SendNested): void {
  Object.defineProperty(fetch, nested, { value: send })
}

/** How to call `fetch` without its own retries; nothing when it was not made by `createFetch`. */
export function nestedSendOf(fetch: object): SendNested | undefined {
  return (fetch as { readonly [nested]?: SendNested })[nested]
}
