import { matchesHost } from '../connectors/match-host.ts'
import type { Auth } from './auth-options.ts'

/** Decides for which requests a bearer token is sent, and gets it. */
export class BearerAuth {
  readonly #auth: Auth
  readonly #hosts: readonly string[] | undefined

  /** `hosts`: where the token may go; `undefined`: wherever the caller sends a request. */
  constructor(auth: Auth, hosts: readonly string[] | undefined) {
    this.#auth = auth
    this.#hosts = hosts
  }

  /** Whether a request to `host` gets the token. A host in the list may begin with `*.`. */
  appliesTo(host: string): boolean {
    return this.#hosts === undefined || matchesHost(host, this.#hosts)
  }

  /** Whether a 401 can lead to another token. */
  get canRefresh(): boolean {
    return typeof this.#auth === 'function'
  }

  /** @throws what the provider throws. */
  token(url: string, rejectedToken: string | undefined, signal: AbortSignal): string | Promise<string> {
    if (typeof this.#auth === 'string') return this.#auth
    return this.#auth({ url, signal, ...(rejectedToken === undefined ? {} : { rejectedToken }) })
  }
}
