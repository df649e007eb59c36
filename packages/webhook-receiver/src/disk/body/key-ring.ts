import { createHmac } from 'node:crypto'
import { BufferError } from '../../buffer/buffer-error.ts'

const KEY_BYTES = 32
const MAX_ID_BYTES = 64
const RETRY_AFTER_MS = 5_000
/** Bytes that tell whether a key is the one that a record was encrypted with. */
export const KEY_CHECK_BYTES = 7

/** Keys for what is stored. */
export interface EncryptionOptions {
  /**
   * Id of the key for what is stored from now on: 1 to 64 bytes, stored in the clear. A function is asked whenever a segment file is begun, so a new
   * answer is followed without a restart.
   */
  readonly keyId: string | (() => string | Promise<string>)
  /**
   * Gives the 32 bytes of a key. Asked once for each id while the buffer is open; when it rejects, appends and reads that need the key fail
   * with `buffer_failed` and ask again. Keep old keys for as long as events, parked ones and dead letters are kept.
   */
  readonly key: (id: string) => Uint8Array | Promise<Uint8Array>
}

/** A key that is known. */
export interface BodyKey {
  readonly id: Buffer
  /** Tells the key from others of the same id. */
  readonly check: Buffer
  readonly secret: Uint8Array
}

/** Asks for keys, each once. */
export class KeyRing {
  readonly #options: EncryptionOptions | undefined
  readonly #keys: Map<string, Promise<BodyKey>> = new Map()

  constructor(options: EncryptionOptions | undefined) {
    this.#options = options
  }

  /**
   * The key for what is stored from now on.
   *
   * @throws BufferError `buffer_failed` when it could not be had, `buffer_unusable` when what came is no key.
   */
  async current(): Promise<BodyKey | undefined> {
    if (this.#options === undefined) return undefined
    const { keyId } = this.#options
    return this.#find(typeof keyId === 'string' ? keyId : await called('The id of the key', () => keyId()))
  }

  /**
   * The key that a record names.
   *
   * @throws BufferError `buffer_unusable` when there is none, or another one of the same id.
   */
  async of(id: string, check: Buffer): Promise<BodyKey> {
    if (this.#options === undefined)
      throw new BufferError(
        'buffer_unusable',
        `Events are encrypted with the key \`${id}\`. Give it in \`encryption\`, or on the command line with \`--keys FILE\` or \`$HOLDFAST_KEYS\`.`,
      )
    const key = await this.#find(id)
    if (!key.check.equals(check))
      throw new BufferError('buffer_unusable', `The key \`${id}\` is not the one that events were encrypted with.`)
    return key
  }

  #find(id: string): Promise<BodyKey> {
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    const key = this.#load(id)
    this.#keys.set(id, key)
    key.catch(() => this.#keys.delete(id))
    return key
  }

  async #load(id: string): Promise<BodyKey> {
    const idBytes = Buffer.from(id, 'utf8')
    if (idBytes.length < 1 || idBytes.length > MAX_ID_BYTES)
      throw new BufferError(
        'buffer_unusable',
        `Expected \`encryption.keyId\` to have 1 to ${MAX_ID_BYTES} bytes, got ${idBytes.length}.`,
      )
    const secret = await called(`The key \`${id}\``, () => this.#options?.key(id))
    if (!(secret instanceof Uint8Array) || secret.length !== KEY_BYTES)
      // What came may be a secret; only its length is told.
      throw new BufferError(
        'buffer_unusable',
        `Expected \`encryption.key\` to give ${KEY_BYTES} bytes for \`${id}\`, got ${secret instanceof Uint8Array ? `${secret.length} bytes` : typeof secret}.`,
      )
    const check = createHmac('sha256', secret).update('holdfast key check').digest().subarray(0, KEY_CHECK_BYTES)
    return { id: idBytes, check, secret }
  }
}

async function called<T>(what: string, callback: () => T | Promise<T>): Promise<T> {
  try {
    return await callback()
  } catch (cause) {
    throw new BufferError('buffer_failed', `${what} for events at rest could not be had.`, {
      retryAfterMs: RETRY_AFTER_MS,
      cause,
    })
  }
}
