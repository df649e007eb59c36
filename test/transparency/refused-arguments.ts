import { observeFailure } from './observe.ts'
import { loose, type ProgramContext, type Programs } from './program.ts'

const wrong =
  (init: unknown, path = '/echo') =>
  ({ fetch, url }: ProgramContext) =>
    observeFailure(() => fetch(`${url}${path}`, loose(init)))

const wrongInput =
  (input: unknown, init?: unknown) =>
  ({ fetch }: ProgramContext) =>
    observeFailure(() => fetch(input as string, loose(init)))

const thrown = new RangeError('a getter that throws')

const throwing = {
  get method(): string {
    throw thrown
  },
}

/** What fetch does not accept, and how it says so. */
export const refusedArguments: Programs = {
  'no argument': ({ fetch }) => observeFailure(() => (fetch as () => unknown)()),
  undefined: wrongInput(undefined),
  null: wrongInput(null),
  'an empty text': wrongInput(''),
  'a number': wrongInput(5),
  'a symbol': wrongInput(Symbol('url')),
  'an object without a prototype': wrongInput(Object.create(null)),
  'a text that throws': wrongInput({
    toString() {
      throw thrown
    },
  }),
  'a relative URL': wrongInput('/relative'),
  'no URL': wrongInput('not a url'),
  'a URL without a host': wrongInput('http://'),
  'a port that is too high': wrongInput('http://127.0.0.1:99999/'),
  'a port that fetch blocks': wrongInput('http://127.0.0.1:25/'),
  'about:blank': wrongInput('about:blank'),
  'file:': wrongInput('file:///etc/hostname'),
  'ftp:': wrongInput('ftp://example.com/'),
  'a scheme that nobody knows': wrongInput('unknown:thing'),
  'javascript:': wrongInput('javascript:void 0'),
  'a data: that is wrong': wrongInput('data:no-comma'),
  'a blob: that is not there': wrongInput('blob:nodedata:00000000-0000-0000-0000-000000000000'),
  'a blob: with POST': wrongInput('blob:nodedata:00000000-0000-0000-0000-000000000000', { method: 'POST' }),
  'a user in a text': ({ fetch, url }) => observeFailure(() => fetch(url.replace('//', '//user:secret@'))),
  'a wrong URL and a signal that aborted': wrongInput('not a url', { signal: AbortSignal.abort(new Error('mine')) }),
  'a wrong URL and a wrong header': wrongInput('not a url', { headers: { 'bad name': 'x' } }),
  'an object of nothing': wrongInput({}),
  'what only looks like a Request': wrongInput({ url: 'http://127.0.0.1/', method: 'GET', headers: new Headers() }),
  'a Response': wrongInput(new Response('x')),

  'an init that is text': wrong('init'),
  'an init that is a number': wrong(5),
  'an init that is true': wrong(true),
  'an init that is a function': wrong(() => {}),
  'an init that is an array': wrong([['method', 'PUT']]),
  'an init that throws': wrong(throwing),
  'a method with a space': wrong({ method: 'G ET' }),
  'an empty method': wrong({ method: '' }),
  'a method that is null': wrong({ method: null }),
  'a method that is an object': wrong({ method: { toString: () => 'PUT' } }),
  'a method that is a symbol': wrong({ method: Symbol('m') }),
  ...Object.fromEntries(
    ['CONNECT', 'TRACE', 'TRACK', 'trace'].map((method) => [`the method ${method}`, wrong({ method })]),
  ),
  'a header name that is wrong': wrong({ headers: { 'bad name': 'x' } }),
  'a header value that is wrong': wrong({ headers: { name: 'a\nb' } }),
  'a header value that is no Latin': wrong({ headers: { name: '\u20ac' } }),
  'headers that are null': wrong({ headers: null }),
  'headers that are text': wrong({ headers: 'a: b' }),
  'headers that are a number': wrong({ headers: 5 }),
  'headers with a pair of three': wrong({ headers: [['a', 'b', 'c']] }),
  'headers that throw': wrong({
    headers: {
      get a() {
        throw thrown
      },
    },
  }),
  'headers with a symbol as a name': wrong({ headers: { [Symbol('h')]: 'x' } }),
  'headers with a symbol as a value': wrong({ headers: { a: Symbol('v') } }),
  'a body with GET': wrong({ body: 'x' }),
  'a body with HEAD': wrong({ method: 'HEAD', body: 'x' }),
  'a body with get': wrong({ method: 'get', body: '' }),
  'a body that is a symbol': wrong({ method: 'POST', body: Symbol('b') }),
  'a stream without duplex': wrong({ method: 'POST', body: new ReadableStream() }),
  'a stream that is locked': ({ fetch, url }) => {
    const body = new ReadableStream()
    body.getReader()
    return observeFailure(() => fetch(`${url}/echo`, loose({ method: 'POST', body, duplex: 'half' })))
  },
  'a stream that was read': async ({ fetch, url }) => {
    const body = new Blob(['x']).stream()
    for await (const _ of body) continue
    return observeFailure(() => fetch(`${url}/echo`, loose({ method: 'POST', body, duplex: 'half' })))
  },
  'a Request whose body was read': async ({ fetch, url }) => {
    const request = new Request(`${url}/echo`, { method: 'POST', body: 'x' })
    await request.text()
    return observeFailure(() => fetch(request))
  },
  'a Request whose body was read, and a new body': async ({ fetch, url }) => {
    const request = new Request(`${url}/echo`, { method: 'POST', body: 'x' })
    await request.text()
    return observeFailure(() => fetch(request, loose({ body: 'new' })))
  },
  ...Object.fromEntries(
    ['cache', 'credentials', 'mode', 'redirect', 'referrerPolicy', 'priority', 'duplex', 'referrer'].map((member) => [
      `${member} that nobody knows`,
      wrong({ [member]: 'http://[unknown' }),
    ]),
  ),
  'mode navigate': wrong({ mode: 'navigate' }),
  'mode no-cors and PUT': wrong({ mode: 'no-cors', method: 'PUT' }),
  'cache only-if-cached': wrong({ cache: 'only-if-cached' }),
  'cache only-if-cached and same-origin': wrong({ cache: 'only-if-cached', mode: 'same-origin' }),
  'a window that is not null': wrong({ window: {} }),
  'a signal that is text': wrong({ signal: 'abort' }),
  'a signal that is an object': wrong({ signal: {} }),
  'a signal that is a number': wrong({ signal: 0 }),
  'a signal that is false': wrong({ signal: false }),
  'a signal that is an event target': wrong({ signal: new EventTarget() }),
  'a dispatcher that is none': wrong({ dispatcher: {} }),
  'a dispatcher that is text': wrong({ dispatcher: 'x' }),
}
