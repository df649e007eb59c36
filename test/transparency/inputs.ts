import { runInNewContext } from 'node:vm'
import {
  Agent,
  MockAgent,
  type Dispatcher,
  FormData as ForeignFormData,
  Headers as ForeignHeaders,
  Request as ForeignRequest,
  setGlobalDispatcher,
  getGlobalDispatcher,
} from 'undici'
import { observeFailure, observeResponse } from './observe.ts'
import { loose, type ProgramContext, type Programs } from './program.ts'

class SignedRequest extends Request {
  readonly signature = 'mine'
}

class PlainInit {
  readonly headers = { 'x-from': 'class' }
  get method(): string {
    return 'PUT'
  }
  get body(): string {
    return 'got'
  }
}

const get =
  (init?: unknown) =>
  async ({ fetch, url }: ProgramContext) =>
    observeResponse(await fetch(`${url}/echo?q=1#part`, init as RequestInit))

const from =
  (input: (url: string) => unknown, init?: unknown) =>
  async ({ fetch, url }: ProgramContext) =>
    observeResponse(await fetch(input(url) as string, init as RequestInit))

/** Everything that can be asked for, and the ways to say it. */
export const inputs: Programs = {
  text: get(),
  'text and an init that is undefined': get(undefined),
  'text and an init that is null': get(null),
  'text and an empty init': get({}),
  'a URL': from((url) => new URL('/echo?q=ä b', url)),
  'an object that has a text': from((url) => ({ toString: () => `${url}/echo` })),
  'an object that has a text, and headers': from((url) => ({ headers: {}, toString: () => `${url}/echo` })),
  'an array of one text': from((url) => [`${url}/echo`]),
  'a URL with white space around it': from((url) => `  ${url}/echo\n`),
  'a URL with dots in its path': from((url) => `${url}/a/../echo/./x`),
  'a URL in capital letters': from((url) => url.replace('http', 'HTTP') + '/echo'),
  'a Request': from((url) => new Request(`${url}/echo`, { headers: { 'X-Mixed-Case': '1' } })),
  'a Request with everything': from(
    (url) =>
      new Request(`${url}/echo`, {
        method: 'PUT',
        body: 'text',
        headers: { 'X-A': '1', accept: 'text/x' },
        referrer: 'https://referrer.example/path?query',
        referrerPolicy: 'unsafe-url',
        credentials: 'include',
        cache: 'no-store',
        mode: 'cors',
        keepalive: true,
      } as RequestInit),
  ),
  'a Request that is no-cache and has a referrer': from(
    (url) =>
      new Request(`${url}/echo`, {
        cache: 'no-cache',
        referrer: 'https://referrer.example/',
        integrity: '',
      } as RequestInit),
  ),
  'a Request with a referrer and an init': from(
    (url) => new Request(`${url}/echo`, { referrer: 'https://referrer.example/', referrerPolicy: 'origin' }),
    { headers: { a: 'b' } },
  ),
  'a Request and an empty init': from(
    (url) => new Request(`${url}/echo`, { referrer: 'https://referrer.example/', referrerPolicy: 'unsafe-url' }),
    {},
  ),
  'a Request with a referrer and an init of undefined members': from(
    (url) => new Request(`${url}/echo`, { referrer: 'https://referrer.example/', referrerPolicy: 'unsafe-url' }),
    { headers: undefined, signal: undefined },
  ),
  'a Request whose redirect is manual': from((url) => new Request(`${url}/redirect/302`, { redirect: 'manual' })),
  'a Request and headers that replace its own': from(
    (url) => new Request(`${url}/echo`, { headers: { a: 'b', c: 'd' } }),
    { headers: { 'E-F': 'g' } },
  ),
  'a Request and another method and body': from((url) => new Request(`${url}/echo`, { method: 'POST', body: 'old' }), {
    method: 'PATCH',
    body: 'new',
  }),
  'a Request of a subclass': from((url) => new SignedRequest(`${url}/echo`, { method: 'POST', body: 'x' })),
  'a Request that is a clone': from((url) => new Request(`${url}/echo`, { method: 'POST', body: 'twice' }).clone()),
  'a Request of another copy of undici': async ({ fetch, url }) =>
    observeFailure(() => fetch(new ForeignRequest(`${url}/echo`) as unknown as Request)),
  'an init that is a Request': async ({ fetch, url }) =>
    observeResponse(
      await fetch(`${url}/echo`, new Request(`${url}/other`, { method: 'POST', body: 'x', headers: { 'A-B': 'c' } })),
    ),
  'an init of a class with getters': get(new PlainInit()),
  'an init whose prototype has the members': get(Object.create({ method: 'POST', body: 'inherited' })),
  'an init without a prototype': get(Object.assign(Object.create(null) as object, { method: 'DELETE' })),
  'an init of another realm': get(runInNewContext('({ method: "POST", body: "x", headers: { "X-Y": "z" } })')),
  'an init with members that are not of fetch': get({ timeout: 5, agent: {}, retry: 3, [Symbol('own')]: 1 }),
  'an init that is frozen': get(Object.freeze({ method: 'POST', body: 'x' })),
  'an init of undefined members': get({
    method: undefined,
    headers: undefined,
    body: undefined,
    signal: undefined,
    redirect: undefined,
  }),
  'a body and a window that are null': get({ body: null, window: null }),
  'a signal that is null': get({ signal: null }),
  'a Request with a signal and an init with none': async ({ fetch, url }) =>
    observeResponse(await fetch(new Request(`${url}/echo`, { signal: AbortSignal.abort() }), { signal: null })),
  'an argument too many': async ({ fetch, url }) =>
    observeResponse(await (fetch as (...args: unknown[]) => Promise<Response>)(`${url}/echo`, { method: 'PUT' }, 'x')),
  'another this': async ({ fetch, url }) => observeResponse(await fetch.call({} as never, `${url}/echo`)),
  'an undefined this': async ({ fetch, url }) =>
    observeResponse(await Reflect.apply(fetch, undefined, [`${url}/echo`])),
  'being a method': async ({ fetch, url }) => observeResponse(await { fetch }.fetch(`${url}/echo`)),

  ...Object.fromEntries(
    ['get', 'Post', 'put', 'patch', 'PATCH', 'delete', 'options', 'HEAD', 'PROPFIND', 'propfind', 'QUERY'].map(
      (method) => [`the method ${method}`, get({ method })],
    ),
  ),

  'headers as an object': get({ headers: { 'X-One': '1', Accept: 'text/plain', 'x-number': 5 } }),
  'headers as pairs': get({
    headers: [
      ['X-A', '1'],
      ['x-a', '2'],
      ['B', ''],
    ],
  }),
  'headers as Headers': get({
    headers: new Headers([
      ['X-A', '1'],
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
    ]),
  }),
  'headers as a Map': get({ headers: new Map([['X-Map', '1']]) }),
  'headers as a generator': async ({ fetch, url }) => {
    function* pairs() {
      yield ['x-first', '1']
      yield ['x-second', '2']
    }
    return observeResponse(await fetch(`${url}/echo`, loose({ headers: pairs() })))
  },
  'headers with white space and Latin letters': get({ headers: { a: '  b\t', c: 'h\u00e9' } }),
  'headers that fetch sets itself': get({
    headers: { 'user-agent': 'mine/1', 'accept-encoding': 'identity', 'accept-language': 'de', 'sec-fetch-mode': 'x' },
  }),
  'a header of a connection': get({ headers: { connection: 'close' } }),
  'headers from a prototype': get({ headers: Object.create({ inherited: '1' }) }),

  ...Object.fromEntries(
    (
      [
        ['cache', ['default', 'no-store', 'reload', 'no-cache', 'force-cache']],
        ['credentials', ['omit', 'same-origin', 'include']],
        ['mode', ['cors', 'same-origin', 'no-cors']],
        ['redirect', ['follow', 'manual']],
        ['referrer', ['', 'about:client', 'https://referrer.example/a?b']],
        ['referrerPolicy', ['', 'no-referrer', 'origin', 'unsafe-url', 'strict-origin-when-cross-origin']],
        ['priority', ['high', 'low', 'auto']],
        ['keepalive', [true, false, 1]],
        ['duplex', ['half']],
        ['integrity', ['', 'sha256-wrong']],
      ] as const
    ).flatMap(([member, values]) =>
      values.map((value) => [
        `${member} ${JSON.stringify(value)}`,
        ({ fetch, url }: ProgramContext) =>
          observeFailure(async () => {
            const response = await fetch(
              `${url}/echo`,
              loose({ referrer: 'https://referrer.example/', [member]: value }),
            )
            throw new Error(JSON.stringify(await observeResponse(response)))
          }),
      ]),
    ),
  ),
  'the same Request twice': async ({ fetch, url }) => {
    const request = new Request(`${url}/echo`, { method: 'POST', body: 'once' })
    const first = await observeResponse(await fetch(request))
    return [first, request.bodyUsed, await observeFailure(() => fetch(request))]
  },
  'the same init for several calls': async ({ fetch, url }) => {
    const init = { method: 'POST', body: 'again', headers: { 'X-A': '1' } }
    const seen = []
    for (let call = 0; call < 3; call++) seen.push(await observeResponse(await fetch(`${url}/echo`, init)))
    return [seen, init]
  },
  'a URL and an init that change right after the call': async ({ fetch, url }) => {
    const target = new URL('/echo?page=1', url)
    const init = { method: 'POST', body: 'first', headers: { a: '1' } }
    const call = fetch(target, init)
    target.searchParams.set('page', '2')
    init.method = 'PUT'
    init.body = 'second'
    init.headers.a = '2'
    return observeResponse(await call)
  },

  'data:': async ({ fetch }) => observeResponse(await fetch('data:text/x;charset=utf-8;base64,aMOk')),
  'blob:': async ({ fetch }) => {
    const url = URL.createObjectURL(new Blob(['blob'], { type: 'text/x' }))
    const { url: _url, ...seen } = (await observeResponse(await fetch(url))) as Record<string, unknown>
    URL.revokeObjectURL(url)
    return seen
  },
  'connections that are used again': async ({ fetch, url }) => {
    const seen = []
    for (const path of ['/echo', '/json', '/status/204', '/closing', '/echo'])
      seen.push(await observeResponse(await fetch(`${url}${path}`)))
    return seen
  },
  'a dispatcher of its own': async ({ fetch, url }) => {
    const paths: unknown[] = []
    const agent = new Agent().compose((dispatch) => (options, handler) => {
      paths.push(options.path)
      return dispatch(options, handler)
    })
    const seen = await observeFailure(() => fetch(`${url}/echo`, loose({ dispatcher: agent })))
    await agent.close()
    return [seen, paths]
  },
  'a dispatcher that is the property of a class': async ({ fetch, url }) => {
    const agent = new Agent()
    class Init {
      get dispatcher(): Dispatcher {
        return agent
      }
    }
    const seen = await observeFailure(() => fetch(`${url}/echo`, loose(new Init())))
    await agent.close()
    return seen
  },
  'the global dispatcher replaced by a MockAgent': async ({ fetch }) => {
    const before = getGlobalDispatcher()
    const agent = new MockAgent()
    agent.disableNetConnect()
    agent.get('http://mocked.example').intercept({ path: '/a', method: 'POST' }).reply(201, { mocked: true })
    setGlobalDispatcher(agent)
    try {
      const call = () => fetch('http://mocked.example/a', { method: 'POST', body: 'x' })
      return [await observeFailure(async () => Promise.reject(JSON.stringify(await observeResponse(await call()))))]
    } finally {
      setGlobalDispatcher(before)
      await agent.close()
    }
  },
}

/** What only the copy of undici takes that it is from. */
export const foreignInputs: Programs = {
  'Headers of its own': get({ headers: new ForeignHeaders({ 'X-Mixed-Case': '1', accept: 'text/x' }) }),
  'a Request of its own': from(
    (url) => new ForeignRequest(`${url}/echo`, { method: 'POST', body: 'x', headers: { 'X-Own': '1' } }),
  ),
  'a Request of its own as the init': async ({ fetch, url }) =>
    observeResponse(
      await fetch(`${url}/echo`, loose(new ForeignRequest(url, { method: 'PUT', headers: { 'X-Own': '1' } }))),
    ),
  'a form of its own': async ({ fetch, url }) => {
    const body = new ForeignFormData()
    body.set('a', 'b')
    return observeResponse(await fetch(`${url}/echo`, loose({ method: 'POST', body })))
  },
}
