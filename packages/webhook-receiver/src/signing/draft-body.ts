import { utf8Bytes } from '../verify/encoding.ts'
import { writePointer } from './json-value.ts'
import { cannotSign } from './signing-error.ts'

/** What a body may be given as. */
export type WebhookBody = string | Uint8Array | ArrayBuffer | URLSearchParams | object

const FORM = 'application/x-www-form-urlencoded'
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

type Content =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer>; readonly isForm: boolean }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly fields: URLSearchParams }

/**
 * A body that values can be written into. Text and bytes stay as they are until one is; then they are read as JSON or as a form,
 * and written anew.
 */
export class DraftBody {
  #content: Content

  constructor(body: WebhookBody, contentType: string | undefined) {
    this.#content = contentOf(body, contentType?.trimStart().toLowerCase().startsWith(FORM) === true)
  }

  get isForm(): boolean {
    const content = this.#content
    return content.kind === 'form' || (content.kind === 'bytes' && content.isForm)
  }

  /** The type to send where the application says none. */
  get contentType(): string {
    return this.isForm ? FORM : 'application/json'
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const content = this.#content
    if (content.kind === 'bytes') return content.bytes
    return new Uint8Array(
      utf8Bytes(content.kind === 'form' ? content.fields.toString() : JSON.stringify(content.value)),
    )
  }

  /**
   * Writes a value where a pointer leads; of a form, the field with the name.
   *
   * @throws InvalidOptionsError where the body has no such place.
   */
  write(pointer: string, value: string | number): void {
    this.#content = editable(this.#content)
    const content = this.#content
    if (content.kind === 'form') content.fields.set(fieldName(pointer), String(value))
    else if (content.kind !== 'json' || !writePointer(content.value, pointer, value))
      throw cannotSign('body', `an object that has room for \`${pointer}\``, 'another value there')
  }
}

function contentOf(body: WebhookBody, isForm: boolean): Content {
  if (body instanceof URLSearchParams) return { kind: 'form', fields: new URLSearchParams(body) }
  if (typeof body === 'string') return { kind: 'bytes', bytes: new Uint8Array(utf8Bytes(body)), isForm }
  if (body instanceof Uint8Array || body instanceof ArrayBuffer)
    return { kind: 'bytes', bytes: new Uint8Array(body), isForm }
  return { kind: 'json', value: copyOf(body) }
}

/** What JSON keeps of a value, so that the application's own is not written into. */
function copyOf(body: object): unknown {
  let text: string | undefined
  try {
    text = JSON.stringify(body) as string | undefined
  } catch {
    text = undefined
  }
  if (text === undefined) throw cannotSign('body', 'a value that JSON can hold', 'one that it cannot')
  return JSON.parse(text)
}

function editable(content: Content): Content {
  if (content.kind !== 'bytes') return content
  try {
    const text = decoder.decode(content.bytes)
    if (content.isForm) return { kind: 'form', fields: new URLSearchParams(text) }
    return { kind: 'json', value: JSON.parse(text) as unknown }
  } catch {
    throw cannotSign('body', 'JSON or a form, for the scheme puts something into it', 'something else')
  }
}

function fieldName(pointer: string): string {
  return pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
}
