import { withoutChance } from './recording-server.ts'

/** What a program sees of a response, its body read as bytes. */
export async function observeResponse(response: Response): Promise<unknown> {
  const shown = showHead(response)
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { ...shown, body: Buffer.from(bytes).toString('latin1'), isUsedAfter: response.bodyUsed }
}

/** What a program sees of a response without its body. */
export function showHead(response: Response): Record<string, unknown> {
  const { status, statusText, ok, type, redirected, url, bodyUsed } = response
  return {
    class: response.constructor === Response,
    tag: Object.prototype.toString.call(response),
    ownKeys: Reflect.ownKeys(response).filter((key) => typeof key === 'string'),
    status,
    statusText,
    ok,
    type,
    redirected,
    url,
    bodyUsed,
    hasBody: response.body !== null,
    headers: [...response.headers].filter(([name]) => name !== 'date'),
    cookies: response.headers.getSetCookie(),
  }
}

/** What a call throws or rejects with, and in which of the two ways. */
export async function observeFailure(call: () => unknown): Promise<unknown> {
  let promise: unknown
  try {
    promise = call()
  } catch (error) {
    return { thrown: showError(error) }
  }
  try {
    await promise
  } catch (error) {
    return { isPromise: promise instanceof Promise, rejected: showError(error) }
  }
  return { fulfilled: true }
}

/** Class, message, code and the like of an error and of its causes. */
export function showError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return { primitive: String(error), type: typeof error }
  const { name, message, code, errno, syscall, cause } = error as Error & Record<string, unknown>
  return {
    classes: classesOf(error),
    name,
    message,
    code,
    errno,
    syscall,
    ownKeys: Reflect.ownKeys(error).filter((key) => key !== 'stack' && typeof key === 'string'),
    ...(cause === undefined ? {} : { cause: showError(cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.map(showError) } : {}),
  }
}

/** The prototypes themselves are compared, not their names. */
function classesOf(value: object): readonly unknown[] {
  const classes: unknown[] = []
  for (let link: unknown = Object.getPrototypeOf(value); link !== null; link = Object.getPrototypeOf(link))
    classes.push((link as object).constructor)
  return classes
}

/** Takes the port and random boundaries out of everything that was observed. */
export function normalise(observed: unknown, port: number): unknown {
  if (typeof observed === 'string') return withoutChance(observed, port)
  if (Array.isArray(observed)) return observed.map((item) => normalise(item, port))
  if (typeof observed !== 'object' || observed === null || Object.getPrototypeOf(observed) !== Object.prototype)
    return observed
  return Object.fromEntries(Object.entries(observed).map(([key, value]) => [key, normalise(value, port)]))
}
