import type { Handshake } from '@holdfast/core'
import { utf8ByteString } from '../verify/encoding.ts'
import type { HashProvider } from '../verify/hash-provider.ts'
import type { RequestReader } from '../verify/request-reader.ts'
import type { HandedSecret, HandshakeOptions } from './handshake-options.ts'
import { malformedSecret, secretNotExpected, secretNotSaved } from './handshake-refusals.ts'
import type { SourceSecrets } from './source-secrets.ts'

// What can be sent back in a header, and is no accident.
const SECRET = /^[\x21-\x7e]{8,512}$/

/** Takes a secret that a request hands over, or refuses it. Resolves when it is stored. */
export type TakeSecret = (handshake: Handshake, reader: RequestReader, handed: HandedSecret) => Promise<void>

/**
 * Prepares the taking of secrets. Whoever has a secret stored signs events from then on, so one is taken only where none is set
 * yet or the application expects one, and one after the other: the second of two that come at once finds that of the first.
 */
export function secretTaker(options: HandshakeOptions, secrets: SourceSecrets, hashes: HashProvider): TakeSecret {
  let last: Promise<unknown> = Promise.resolve()

  const isKnown = async (
    reader: RequestReader,
    secret: string,
  ): Promise<{ readonly any: boolean; readonly same: boolean }> => {
    const set = await secrets.secretsFor(reader)
    const hash = async (text: string): Promise<Uint8Array> => hashes.digest('sha256', [utf8ByteString(text)])
    const digest = await hash(secret)
    const digests = await Promise.all(set.map(({ value }) => hash(value)))
    const equal = digests.map((other) => hashes.equal(other, digest))
    return { any: set.length > 0, same: equal.includes(true) }
  }

  const take = async (handshake: Handshake, reader: RequestReader, handed: HandedSecret): Promise<void> => {
    const { saveSecret, acceptSecret } = options
    if (saveSecret === undefined) throw secretNotExpected(handshake.name)
    const known = await isKnown(reader, handed.secret).catch(failed)
    // The answer to the first request was lost: the provider asks again, and has what it asks for.
    if (known.same) return
    const isExpected = acceptSecret === undefined ? !known.any : await call(() => acceptSecret(handed))
    if (isExpected !== true) throw secretNotExpected(handshake.name)
    await call(() => saveSecret(handed))
    secrets.forgetSecrets()
  }

  return (handshake, reader, handed) => {
    const taken = last.then(() => take(handshake, reader, handed))
    last = taken.catch(() => {})
    return taken
  }
}

/** The secret that a request hands over. */
export function handedSecret({ name, secret: source }: Handshake, reader: RequestReader): string {
  const values = source === undefined ? [] : reader.values(source)
  const [secret] = values
  if (secret === undefined || values.length > 1 || !SECRET.test(secret)) throw malformedSecret(name)
  return secret
}

async function call<Value>(callback: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await callback()
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): never {
  throw secretNotSaved(error)
}
