import type { Clock } from '../time/clock.ts'
import { ListenerWatch } from './listener-watch.ts'

/**
 * The one AbortController of a call. It follows the caller's signal and is aborted by our timers. An attempt that a timer
 * aborted has used it up; the next attempt gets a new one.
 *
 * The caller's abort has to reach the body long after the call has returned. So the link stays until the transport leaves our
 * signal, or, where the transport does not listen to it, until the body is garbage. What the link holds is one controller.
 */
export class CallSignal {
  readonly #link: SignalLink = { controller: undefined, watch: undefined, remove: undefined }
  readonly #source: AbortSignal | undefined

  constructor(source: AbortSignal | undefined) {
    this.#source = source
  }

  /** The signal for the next attempt or wait. */
  get current(): AbortSignal {
    const link = this.#link
    if (link.controller === undefined || link.controller.signal.aborted) {
      link.controller = new AbortController()
      if (this.#source !== undefined) follow(link, this.#source)
    }
    return link.controller.signal
  }

  /** Whether it follows the caller's signal, and has to be released. */
  get isLinked(): boolean {
    return this.#link.remove !== undefined
  }

  /** Aborts what runs under the current signal, and returns the reason. */
  timeOut(): DOMException {
    const reason = timeoutError()
    this.#link.controller?.abort(reason)
    return reason
  }

  /** Aborts what runs under the current signal. */
  abort(reason: unknown): void {
    this.#link.controller?.abort(reason)
  }

  /** The call is over. The caller's signal keeps reaching `body`, when there is one, until it has ended or is garbage. */
  release(body: ReadableStream | null | undefined): void {
    const { remove, watch } = this.#link
    if (remove === undefined) return
    // The responses of React Native have no member of that name.
    if (body === null || body === undefined) {
      remove()
      return
    }
    watch?.onDeserted(remove)
    unreachableBodies?.register(body, remove)
  }
}

/** The error with which `AbortSignal.timeout` aborts. */
export function timeoutError(): DOMException {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError')
}

interface SignalLink {
  controller: AbortController | undefined
  /** Of the controller's signal. */
  watch: ListenerWatch | undefined
  remove: (() => void) | undefined
}

// It only runs callbacks that were registered and holds no state of its own.
// Some edge runtimes have no FinalizationRegistry; there a request's signal does not outlive the request anyway.
const unreachableBodies: FinalizationRegistry<() => void> | undefined =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry((remove) => remove())

// An EventTarget looks through all its listeners when it is given another one. So a signal that many calls follow, as one for
// the end of the process, gets a single listener of ours.
const followed = new WeakMap<AbortSignal, Followers>()

interface Followers {
  readonly links: Set<SignalLink>
  readonly onAbort: () => void
}

function follow(link: SignalLink, source: AbortSignal): void {
  if (source.aborted) {
    link.controller?.abort(source.reason)
    return
  }
  if (link.controller !== undefined) link.watch = new ListenerWatch(link.controller.signal)
  // One link per call, also when its controller was replaced.
  if (link.remove !== undefined) return
  const { links, onAbort } = followed.get(source) ?? startFollowing(source)
  links.add(link)
  link.remove = () => {
    if (!links.delete(link) || links.size > 0) return
    source.removeEventListener('abort', onAbort)
    followed.delete(source)
  }
}

function startFollowing(source: AbortSignal): Followers {
  const links = new Set<SignalLink>()
  const onAbort = (): void => {
    followed.delete(source)
    for (const { controller } of links) controller?.abort(source.reason)
  }
  const followers = { links, onAbort }
  followed.set(source, followers)
  source.addEventListener('abort', onAbort, { once: true })
  return followers
}

/** Runs `work` and calls `onTimeout` when it has not settled after `limitMs`. `Infinity`: no timer. */
export async function withTimer<Result>(
  clock: Clock,
  limitMs: number,
  onTimeout: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  if (limitMs === Infinity) return work()
  const cancel = clock.schedule(limitMs, onTimeout)
  try {
    return await work()
  } finally {
    cancel()
  }
}
