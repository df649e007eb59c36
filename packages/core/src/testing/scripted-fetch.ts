import { InvalidOptionsError } from '../errors/invalid-options-error.ts'

/** A call as a scripted fetch got it. */
export interface RecordedCall {
  readonly input: string | URL | Request
  readonly init: RequestInit | undefined
  readonly method: string
  readonly url: string
  /** The headers of the request; `init.headers` where given, as with `fetch`. */
  readonly headers: Headers
}

/**
 * What one call gets: a Response, an error that is thrown, a function that decides, or `hang`: nothing until the signal
 * of the call aborts, then its reason.
 */
export type ScriptedAnswer = Response | Error | 'hang' | ((call: RecordedCall) => Response | Promise<Response>)

/** A `fetch` that answers from a script. */
export type ScriptedFetch = typeof globalThis.fetch & {
  /** Every call so far, in order. */
  readonly calls: readonly RecordedCall[]
}

/**
 * Makes a `fetch` that gives the answers in order and repeats the last one. A Response that is repeated is cloned, so that
 * each caller has a body. Like `fetch`, it rejects with the signal's reason when that aborts; a call whose signal aborted
 * before is not one of `calls`.
 *
 * @throws InvalidOptionsError when `answers` is no array, is empty, or has an item that is no answer.
 */
export function scriptedFetch(answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]]): ScriptedFetch {
  if (!Array.isArray(answers) || answers.length === 0 || !answers.every(isAnswer)) {
    const expected = "an array of at least one answer, each a Response, an Error, a function or 'hang'"
    throw new InvalidOptionsError({ path: 'answers', expected, received: answers })
  }
  const calls: RecordedCall[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const call = recordCall(input, init)
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    signal?.throwIfAborted()
    const index = Math.min(calls.length, answers.length - 1)
    calls.push(call)
    const answer = answers[index]
    if (answer === 'hang' || answer === undefined) return rejectOnAbort(signal)
    if (answer instanceof Error) throw answer
    if (typeof answer !== 'function') return index === answers.length - 1 ? answer.clone() : answer
    return signal ? Promise.race([answer(call), rejectOnAbort(signal)]) : answer(call)
  }
  return Object.assign(fetch, { calls })
}

function isAnswer(value: unknown): boolean {
  return value === 'hang' || typeof value === 'function' || (typeof value === 'object' && value !== null)
}

function recordCall(input: string | URL | Request, init: RequestInit | undefined): RecordedCall {
  const request = input instanceof Request ? input : undefined
  return {
    input,
    init,
    method: (init?.method ?? request?.method ?? 'GET').toUpperCase(),
    url: typeof input === 'string' ? input : 'url' in input ? input.url : input.href,
    headers: new Headers(init?.headers ?? request?.headers),
  }
}

function rejectOnAbort(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
