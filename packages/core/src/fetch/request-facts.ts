import { isBodyValue } from '../body/body-kinds.ts'

/** The first argument of `fetch`. */
export type FetchInput = string | URL | Request

/** An `init` that can be copied by spreading, and whose headers are a copy of our own. */
export type CapturedInit = RequestInit

type HeadersInit = NonNullable<RequestInit['headers']>

/** Arguments of `fetch` that stay as they are. */
export interface FetchArguments {
  readonly input: string | Request
  readonly init: CapturedInit | undefined
}

/** Whether `input` is a Request, of whatever realm or copy of undici. What only looks like one `fetch` takes for its text. */
export function isRequest(input: FetchInput): input is Request {
  if (typeof input !== 'object' || input === null) return false
  return input instanceof Request || Object.prototype.toString.call(input) === '[object Request]'
}

/**
 * The arguments as they are now. `fetch` reads them when it is called, but a call that waits or is repeated is sent later, and
 * by then the caller may have put the next page into the URL or the next item into the `init`, or an iterator of headers is
 * used up. The body is not copied.
 *
 * Nothing is checked here: what is wrong with them is for `fetch` to say, in its words and in its order. `undefined` when they
 * are so wrong that they cannot be read.
 *
 * @throws what a getter among them throws.
 */
export function captureArguments(input: FetchInput, init: RequestInit | undefined): FetchArguments | undefined {
  if (typeof input !== 'string' && !isObject(input)) return undefined
  const target = isRequest(input) ? input : urlOf(input)
  if (init === undefined || init === null) return { input: target, init: keptReferrerOf(target) }
  if (!isObject(init)) return undefined
  const { headers, ...rest } = isRecord(init) ? init : membersOf(init)
  if (typeof target !== 'string' && MEMBERS.every((name) => Reflect.get(init, name) === undefined))
    return { input: target, init: { ...rest, ...keptReferrerOf(target) } }
  if (rest.signal !== undefined && rest.signal !== null && !isSignal(rest.signal)) return undefined
  if (headers === undefined) return { input: target, init: rest }
  return { input: target, init: { ...rest, headers: isObject(headers) ? copyOf(headers) : headers } }
}

/** An `init` of the kind that nearly all are: nothing of it is inherited. */
function isRecord(init: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(init)
  return prototype === Object.prototype || prototype === null
}

// `fetch` reads an `init` as a Web IDL dictionary, getters of prototypes included, as those of a Request or of a class.
const MEMBERS = [
  'method',
  'headers',
  'body',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'integrity',
  'keepalive',
  'signal',
  'duplex',
  'priority',
  'window',
  'dispatcher',
] as const

function membersOf(init: object): RequestInit {
  const members: Record<string, unknown> = {}
  for (const name of MEMBERS) if (name in init) members[name] = Reflect.get(init, name)
  return { ...init, ...members }
}

/**
 * `fetch` forgets the referrer of a Request that comes with an `init`, and there is one as soon as a signal or a header of ours is
 * in it. So the `init` says it again: what a Request that is made of the Request keeps, as `fetch` makes one.
 */
function keptReferrerOf(input: string | Request): RequestInit | undefined {
  if (typeof input === 'string') return undefined
  const { url, referrer, referrerPolicy } = input
  if (referrer === undefined || referrer === '' || referrer === 'about:client') return undefined
  const RequestClass =
    input instanceof Request ? Request : (input as { readonly constructor: typeof Request }).constructor
  const kept = new RequestClass(new RequestClass(url, { referrer, referrerPolicy }))
  return { referrer: kept.referrer, referrerPolicy: kept.referrerPolicy }
}

/** Pairs and records are copied as they are: `fetch` keeps the case of a name, and refuses what is no header. */
function copyOf(headers: HeadersInit): HeadersInit {
  if (headers instanceof Headers) return new Headers(headers)
  if (isForeignHeaders(headers)) return new headers.constructor(headers)
  if (Symbol.iterator in headers && typeof headers[Symbol.iterator] === 'function')
    return Array.from(headers, (pair: Iterable<string>) =>
      isObject(pair) && Symbol.iterator in pair ? [...pair] : pair,
    ) as [string, string][]
  return { ...(headers as Record<string, string>) }
}

/** Headers of another copy of undici, for its `fetch`: read by any other class, they would lose the case of their names. */
function isForeignHeaders(headers: object): headers is { readonly constructor: typeof Headers } & Headers {
  return Object.prototype.toString.call(headers) === '[object Headers]' && typeof headers.constructor === 'function'
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Also a signal of another realm, or of a library that has its own. */
function isSignal(value: unknown): boolean {
  return isObject(value) && 'aborted' in value && 'addEventListener' in value
}

/** The URL as text; it may be relative or wrong, which is for `fetch` to say. Like `fetch`, takes anything that has a text. */
export function urlOf(input: FetchInput): string {
  if (typeof input === 'string') return input
  return isRequest(input) ? input.url : String(input)
}

/** The method in upper case. */
export function methodOf(input: FetchInput, init: CapturedInit | undefined): string {
  const method = init?.method ?? (isRequest(input) ? input.method : undefined)
  return method === undefined ? 'GET' : String(method).toUpperCase()
}

/** The signal that `fetch` would follow: that of `init`, where it has one, else that of the Request. */
export function signalOf(input: FetchInput, init: CapturedInit | undefined): AbortSignal | undefined {
  // The Request of another library may have `null` where it has no signal.
  const signal = init?.signal === undefined && isRequest(input) ? (input.signal as AbortSignal | null) : init?.signal
  return signal ?? undefined
}

/** The value of a header of the request. Headers that `fetch` will refuse have none. */
export function headerOf(input: FetchInput, init: CapturedInit | undefined, name: string): string | undefined {
  if (init?.headers === undefined) return isRequest(input) ? (input.headers.get(name) ?? undefined) : undefined
  try {
    return new Headers(init.headers).get(name) ?? undefined
  } catch {
    return undefined
  }
}

/**
 * A copy of the request's headers.
 *
 * @throws TypeError when one is not allowed.
 */
export function copyHeaders(input: FetchInput, init: CapturedInit | undefined): Headers {
  return new Headers(init?.headers ?? (isRequest(input) ? input.headers : undefined))
}

/** Whether `fetch` follows redirects by itself. */
export function followsRedirects(input: FetchInput, init: CapturedInit | undefined): boolean {
  return (init?.redirect ?? (isRequest(input) ? input.redirect : 'follow')) === 'follow'
}

/** Whether the body can be sent again without having been kept: it is absent, or a value that `fetch` reads afresh. */
export function isReplayable(input: FetchInput, init: CapturedInit | undefined): boolean {
  const body = init?.body
  return body === undefined || body === null ? !isRequest(input) || input.body === null : isBodyValue(body)
}

/** The body that is sent when nobody replaces it: that of `init`, where it has one, else that of the Request. */
export function bodyOf(input: FetchInput, init: CapturedInit | undefined): unknown {
  return init?.body ?? (isRequest(input) ? input.body : undefined)
}

// What the parser of URLs leaves as it is: no punycode, no number in another form than the usual, no port out of range.
const PLAIN_HOST =
  /^(?!.*xn--)(?:(?:[a-z\d-]+\.)*[a-z][a-z\d-]*|(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})(?::[1-9]\d{0,3}|:[1-5]\d{4}|:6[0-4]\d{3})?$/

/**
 * Host and port of a URL, the default port left out. Cuts it out of the usual kind of URL, which is several times cheaper
 * than parsing; everything else is parsed. Empty when the URL is relative or wrong.
 */
export function hostOf(url: string): string {
  const start = url.startsWith('https://') ? 8 : url.startsWith('http://') ? 7 : 0
  if (start > 0) {
    const host = url.slice(start, endOfAuthority(url, start))
    if (PLAIN_HOST.test(host) && !host.endsWith(':443') && !host.endsWith(':80')) return host
  }
  return URL.parse(url)?.host ?? ''
}

function endOfAuthority(url: string, start: number): number {
  for (let index = start; index < url.length; index++) {
    const code = url.charCodeAt(index)
    // "/", "?", "#" and "\", which URL parsers take for "/".
    if (code === 47 || code === 63 || code === 35 || code === 92) return index
  }
  return url.length
}
