import { type Auth, isToken } from '../auth/auth-options.ts'
import { BearerAuth } from '../auth/bearer-auth.ts'
import { IntegrationError } from '../errors/integration-error.ts'
import { redactUrl } from '../errors/redact.ts'
import type { Clock } from '../time/clock.ts'
import { abortable } from '../timeout/abortable.ts'
import { withTimer } from '../timeout/call-signal.ts'
import type { Call } from './call.ts'
import type { Outcome } from './outcome.ts'

/** Gives calls their token, and those that a 401 answers another one. */
export class Authorization {
  readonly #auth: BearerAuth
  readonly #clock: Clock

  /** @param hosts - Where the token may go; `undefined`: everywhere. */
  constructor(auth: Auth, hosts: readonly string[] | undefined, clock: Clock) {
    this.#auth = new BearerAuth(auth, hosts)
    this.#clock = clock
  }

  /** Not when the call goes somewhere else, or brings its own authorization. */
  appliesTo(call: Call): boolean {
    return this.#auth.appliesTo(call.scope.host) && call.header('authorization') === undefined
  }

  /** Puts a token into the call, and returns it: after a 401 another one than `rejectedToken`, if there is one by now. */
  async authorize(call: Call, rejectedToken?: string): Promise<string> {
    const token = await this.#token(call, rejectedToken)
    if (token !== rejectedToken) call.setHeader('authorization', `Bearer ${token}`)
    return token
  }

  /** Whether a 401 is answered with another token, where the provider has one. */
  canReplace(call: Call, outcome: Outcome): boolean {
    if (outcome.kind !== 'response' || outcome.response.status !== 401) return false
    if (!this.#auth.canRefresh || !call.isReplayable) return false
    // The 401 is not the answer to a POST that was redirected, and may have been executed, by now.
    return !outcome.response.redirected || call.isRepeatable
  }

  async #token(call: Call, rejectedToken: string | undefined): Promise<string> {
    const { callerSignal, deadlineAtMs } = call
    const signal = call.signal?.current ?? callerSignal ?? new AbortController().signal
    try {
      const token = this.#auth.token(redactUrl(call.record.url), rejectedToken, signal)
      if (typeof token === 'string') return usable(token)
      const remainingMs = Math.max(0, deadlineAtMs - this.#clock.monotonicMs())
      const onTimeout = (): unknown => call.signal?.timeOut()
      const work = (): Promise<unknown> => abortable(Promise.resolve(token), signal)
      return usable(await withTimer(this.#clock, remainingMs, onTimeout, work))
    } catch (error) {
      if (!signal.aborted) call.failedIn = 'token'
      throw error
    }
  }
}

/** @throws IntegrationError `token_refresh_failed` for what is no token; its value is kept out of the message. */
function usable(token: unknown): string {
  if (isToken(token)) return token
  throw new IntegrationError({
    code: 'token_refresh_failed',
    reason: 'malformed_token',
    retryable: 'never',
    delivery: 'not_sent',
    phase: 'local',
    message: `Expected \`auth\` to give a token, a text that a header can hold, got ${describeToken(token)}.`,
  })
}

function describeToken(token: unknown): string {
  if (token === undefined || token === null || token === '') return token === '' ? 'an empty text' : `\`${token}\``
  if (typeof token === 'string') return 'a text with blanks, line breaks or other characters that no token has'
  return `a value of type ${typeof token}`
}
