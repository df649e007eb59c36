import { callback, type Check, checkOptions, InvalidOptionsError, nonEmptyString } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import type { MaybePromise } from '../verify/maybe-promise.ts'

/** What the handshakes of a source need of the application. */
export interface HandshakeOptions {
  /**
   * The text that you set at the provider beside the URL, and that its handshake shows (Meta) or wants hashed (eBay). Without
   * it such a handshake is answered 500.
   */
  readonly verifyToken?: string
  /** The public key of your account, where the provider wants it back (Braintree). */
  readonly publicKey?: string
  /**
   * Stores a secret that the provider hands over (Asana, Notion), where `secrets`, which must be a function then, finds it. The
   * provider is answered 2xx only after this resolved, and 503 when it rejects. Let it fail rather than replace a secret that
   * is there: of several processes each asks for itself whether there is one.
   */
  readonly saveSecret?: (handed: HandedSecret) => MaybePromise<void>
  /**
   * Says whether a secret is expected now. Anybody can send one, and whose secret is stored signs events from then on; so say
   * yes only while a registration of yours is under way, or where the URL has a part that nobody can guess. Default: only
   * while `secrets` finds none for the request.
   */
  readonly acceptSecret?: (handed: HandedSecret) => MaybePromise<boolean>
}

/** A secret that a request handed over, and that request. Nothing in it is verified. */
export interface HandedSecret {
  /** Name of the source. */
  readonly source: string
  readonly secret: string
  /** The public URL where `publicUrl` is set, else as it came. */
  readonly url: string
  readonly headers: HeaderPairs
  readonly remoteAddress?: string
}

const checks: Readonly<Record<keyof HandshakeOptions, Check>> = {
  verifyToken: nonEmptyString,
  publicKey: nonEmptyString,
  saveSecret: callback,
  acceptSecret: callback,
}

/**
 * Checks the options of handshakes beside the `secrets` of their source. A text that is wrong is described, never shown.
 *
 * @throws InvalidOptionsError for the first that is wrong, with its path.
 */
export function checkHandshakeOptions(path: string, options: HandshakeOptions, secrets: unknown): HandshakeOptions {
  checkOptions(path, options, checks)
  if (options.saveSecret !== undefined && (secrets === undefined || Array.isArray(secrets))) {
    throw new InvalidOptionsError({
      path: `${path}.saveSecret`,
      expected: 'absent, or `secrets` to be a function that finds what was saved',
      received: undefined,
      receivedText: 'a function beside a list of secrets, in which it would never be',
    })
  }
  return options
}
