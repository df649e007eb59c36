import type { SignatureSource } from './signature-source.ts'
import type { ValueSource } from './value-source.ts'

/** Where the public keys of a scheme come from. */
export type KeySource = ConfiguredKey | FetchedKey

/** The application's `secrets` are public keys, as the provider shows them. */
export interface ConfiguredKey {
  readonly from: 'secret'
  /** How the provider writes them. A PEM and a SubjectPublicKeyInfo are read whatever this says. */
  readonly format: 'pem' | 'spki' | 'raw'
  /** Encoding of `spki` and `raw`. Default: `base64`. */
  readonly encoding?: 'base64' | 'hex'
  /** Stripped where it is there, for example `whpk_`. */
  readonly prefix?: string
}

/**
 * The provider publishes its keys. The application's `KeyFetcher` gets the document; what may be asked for is pinned here,
 * because the request says part of it before anybody knows who sent it.
 */
export interface FetchedKey {
  readonly from: 'url'
  /**
   * The URL, in which `{keyId}` stands for the key's id, or where the request says it. Absent: each customer has an own one,
   * which the application gives as `keyUrl`.
   */
  readonly url?: string | ValueSource
  /**
   * Hosts that may be asked, exact or with `*` for one label or a part of one. Required with a `url` from the request, unless
   * there is an `origin`.
   */
  readonly hosts?: readonly string[]
  /** What stands before the path, where the request says the path alone, for example `https://keys.example.com`. */
  readonly origin?: string
  /** Path that a `url` from the request must have; `*` stands for anything within a segment, `**` for anything. */
  readonly path?: string
  /** Where the request says which key signed. A JWT and an RFC 9421 signature say it themselves. */
  readonly keyId?: SignatureSource
  /** What the document, or the value at `pointer` in it, is. */
  readonly kind: 'x509' | 'pem' | 'jwk' | 'jwks'
  /** JSON Pointer to the key, in a document that is JSON and no `jwks`. */
  readonly pointer?: string
  /** DNS names, one of which an X.509 certificate must be for. */
  readonly certificateNames?: readonly string[]
  /** Default: `GET`. */
  readonly method?: 'GET' | 'POST'
  /** The provider wants to know who asks: the application gives headers or a body. */
  readonly authorized?: true
}
