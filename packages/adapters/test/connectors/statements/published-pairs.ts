import { type KeyPairKeyObjectResult, sign } from 'node:crypto'
import type { Draft, Published } from './statement.ts'

/** One for each of the two secrets of a statement. */
export type Two<Value> = readonly [Value, Value]

/** What a published key is for. */
interface PublishedFor {
  /** Of the statement. */
  readonly secrets: Two<string>
  /** Ids of the keys, or where they are. */
  readonly names: Two<string>
  readonly pairs: Two<KeyPairKeyObjectResult>
  /** The document that holds the public half. */
  readonly write: (pair: KeyPairKeyObjectResult, name: string) => string
}

/** Two pairs of keys that a provider publishes, the second after the first: each signs for one of the secrets. */
export class PublishedPairs {
  readonly published: Published
  readonly #for: PublishedFor

  constructor(published: PublishedFor) {
    this.#for = published
    const { names, pairs, write } = published
    const [one, next] = names
    const [pair, nextPair] = pairs
    this.published = {
      documents: { [one]: write(pair, one), [next]: write(nextPair, next) },
      exchanged: { [one]: write(nextPair, one), [next]: write(pair, next) },
    }
  }

  /** Under which the key that signs is published. */
  nameFor({ secret }: Draft): string {
    return this.#for.names[this.#for.secrets.indexOf(secret)]!
  }

  /** Signs, with ECDSA in DER unless the form is another. */
  sign({ secret }: Draft, hash: string, message: string | Buffer, dsaEncoding: 'der' | 'ieee-p1363' = 'der'): Buffer {
    const { privateKey: key } = this.#for.pairs[this.#for.secrets.indexOf(secret)]!
    return sign(hash, Buffer.from(message as string), { key, dsaEncoding })
  }
}
