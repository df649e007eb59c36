import type { ValueSource } from '@holdfast/core'
import { valueSpan } from '../batch/json-spans.ts'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { byteString, utf8ByteString } from '../verify/encoding.ts'
import { RequestReader } from '../verify/request-reader.ts'
import { splitUrl, joinUrl } from '../verify/request-url.ts'
import { DraftBody, type WebhookBody } from './draft-body.ts'
import { cannotSign } from './signing-error.ts'

/** What a request begins with. */
export interface DraftInit {
  readonly method: string
  readonly url: string
  readonly headers: HeaderPairs
  readonly body: WebhookBody
  readonly receivedAt: number
}

/** A request that values are written into until it is signed. */
export class DraftRequest {
  readonly method: string
  readonly receivedAt: number
  readonly body: DraftBody
  #url: string
  #headers: readonly (readonly [string, string])[]

  constructor({ method, url, headers, body, receivedAt }: DraftInit) {
    this.method = method
    this.receivedAt = receivedAt
    this.#url = url
    this.#headers = headers.map(([name, value]) => [name, byteString(value)])
    const given = this.header('content-type')
    this.body = new DraftBody(body, given)
    if (given === undefined && this.hasBody) this.#headers = [['content-type', this.body.contentType], ...this.#headers]
  }

  get url(): string {
    return this.#url
  }

  get headers(): HeaderPairs {
    return this.#headers
  }

  get hasBody(): boolean {
    return this.method !== 'GET' && this.method !== 'HEAD'
  }

  /** The request as it is now; `base` is where an item of it is, whose pointers begin there. */
  read(base = ''): RequestReader {
    const { method, url, headers, receivedAt } = this
    const body = this.hasBody ? this.body.bytes() : new Uint8Array(0)
    const reader = new RequestReader({ method, url, headers, body, receivedAt })
    if (base === '') return reader
    const { start, end } = valueSpan(body, base) ?? { start: 0, end: 0 }
    return reader.within(body.subarray(start, end))
  }

  header(name: string): string | undefined {
    return this.#headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1]
  }

  /**
   * Writes a text where a source says, in place of what is there.
   *
   * @throws InvalidOptionsError where nothing can be written there.
   */
  write({ from, name = '', pointer = '' }: ValueSource, text: string, base = ''): void {
    switch (from) {
      case 'header':
        this.#headers = [
          ...this.#headers.filter(([candidate]) => candidate.toLowerCase() !== name),
          [name, utf8ByteString(text)],
        ]
        return
      case 'query':
        this.#url = withParameter(this.#url, name, text)
        return
      case 'body':
        if (!this.hasBody)
          throw cannotSign('method', 'one with a body, for the scheme puts something into it', this.method)
        this.body.write(base + pointer, text)
        return
      case 'claim':
        throw cannotSign('scheme', 'one with a token, for it needs a claim', 'one without')
    }
  }
}

function withParameter(url: string, name: string, value: string): string {
  const pieces = splitUrl(url)
  const parameter = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  const others = pieces.query
    .slice(1)
    .split('&')
    .filter((item) => item !== '' && item.split('=')[0] !== encodeURIComponent(name))
  return joinUrl({ ...pieces, query: `?${[...others, parameter].join('&')}` })
}
