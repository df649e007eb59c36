import { observeFailure, observeResponse, showHead } from './observe.ts'
import { type ProgramContext, type Programs } from './program.ts'

const get =
  (path: string, init?: RequestInit) =>
  async ({ fetch, url }: ProgramContext) =>
    observeResponse(await fetch(`${url}${path}`, init))

const read =
  (path: string, use: (response: Response) => unknown) =>
  async ({ fetch, url }: ProgramContext) => {
    const response = await fetch(`${url}${path}`)
    return [showHead(response), await use(response), response.bodyUsed]
  }

/** Answers that are no failures. */
export const answers: Programs = {
  ...Object.fromEntries(
    [200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 304, 305, 306].map((status) => [
      `a ${status}`,
      get(`/status/${status}`),
    ]),
  ),
  'early hints': get('/hints'),
  HEAD: get('/echo', { method: 'HEAD' }),
  'HEAD of what is compressed': get('/gzip', { method: 'HEAD' }),
  'what is compressed': get('/gzip'),
  'what is compressed with Brotli': get('/brotli'),
  chunks: get('/chunks'),
  'a large body': get('/large/5000000'),
  text: read('/echo', (response) => response.text()),
  'text that is no UTF-8': read('/latin', (response) => response.text()),
  'text with a mark': read('/mark', (response) => response.text()),
  JSON: read('/json', (response) => response.json()),
  'JSON that is none': read('/echo', (response) => observeFailure(() => response.json())),
  bytes: read('/json', async (response) => [
    ...(await (response as Response & { bytes(): Promise<Uint8Array> }).bytes()),
  ]),
  'a Blob': read('/json', async (response) => {
    const blob = await response.blob()
    return [blob.type, blob.size, await blob.text()]
  }),
  'a form': read('/form', async (response) => [...(await response.formData())]),
  'a form that is none': read('/json', (response) => observeFailure(() => response.formData())),
  'a body that is read twice': read('/echo', async (response) => {
    await response.text()
    return observeFailure(() => response.text())
  }),
  'a body that is cancelled': read('/chunks', async (response) => {
    await response.body!.cancel()
    return observeFailure(() => response.text())
  }),
  'a body that is iterated': read('/chunks', async (response) => {
    let text = ''
    for await (const chunk of response.body!) text += new TextDecoder().decode(chunk)
    return [text, response.body!.locked]
  }),
  'a body that is left in the middle': read('/large/1000000', async (response) => {
    for await (const chunk of response.body!) return [chunk.length > 0, response.body!.locked]
  }),
  'a body through a reader of its own buffer': read('/echo', async (response) => {
    const reader = response.body!.getReader({ mode: 'byob' })
    const { value, done } = await reader.read(new Uint8Array(3))
    return [new TextDecoder().decode(value), done]
  }),
  'a body through a pipe': read('/json', (response) =>
    new Response(response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text(),
  ),
  'a body of two branches': read('/chunks', async (response) => {
    const [left, right] = response.body!.tee()
    return Promise.all([new Response(left).text(), new Response(right).text()])
  }),
  'the same body at each look': read('/chunks', (response) => [
    response.body === response.body,
    response.headers === response.headers,
  ]),
  'a clone before reading': read('/chunks', async (response) => {
    const clone = response.clone()
    return [showHead(clone), await clone.text(), await response.text()]
  }),
  'a clone after reading': read('/chunks', async (response) => {
    await response.text()
    return observeFailure(async () => response.clone())
  }),
  'a clone of a clone': read('/json', async (response) => [
    await response.clone().clone().json(),
    await response.json(),
  ]),
  'headers that cannot be changed': read('/echo', (response) =>
    observeFailure(async () => response.headers.set('a', 'b')),
  ),
  'a Response made of it': read('/json', async (response) => observeResponse(new Response(response.body, response))),
  'a body that is read long after': async ({ fetch, url }) => {
    const response = await fetch(`${url}/chunks`)
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    return response.text()
  },
  'many calls at once': async ({ fetch, url }) => {
    const texts = await Promise.all(
      Array.from({ length: 30 }, async (_, index) =>
        (await fetch(`${url}/echo`, { method: 'PUT', body: `${index}` })).text(),
      ),
    )
    return texts.length
  },
  ...Object.fromEntries(
    [301, 302, 303, 307, 308].flatMap((status) =>
      (['GET', 'POST', 'HEAD', 'PUT'] as const).map((method) => [
        `a ${status} to ${method}`,
        get(`/redirect/${status}?to=/echo`, {
          method,
          headers: { 'X-Kept': '1', authorization: 'Bearer x' },
          ...(method === 'POST' || method === 'PUT' ? { body: 'payload' } : {}),
        }),
      ]),
    ),
  ),
  'a redirect with a part': get('/redirect/302?to=/echo%23new'),
  'a redirect that keeps the part': get('/redirect/302?to=/echo#old'),
  'two redirects': get('/redirect/302?to=/redirect/301?to=/echo'),
  'a redirect that is not followed': get('/redirect/302', { redirect: 'manual' }),
  'a redirect without a place': get('/lost'),
}

const fails =
  (path: string, init?: RequestInit) =>
  ({ fetch, url }: ProgramContext) =>
    observeFailure(async () => {
      const response = await fetch(`${url}${path}`, init)
      return response.text()
    })

/** Failures that retries, were they on, would repeat, or that end the connection. */
export const failures: Programs = {
  ...Object.fromEntries(
    [
      400, 401, 402, 403, 404, 408, 409, 410, 413, 418, 421, 422, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504,
      505, 511, 599,
    ].map((status) => [`a ${status}`, get(`/status/${status}`)]),
  ),
  // undici makes a network error of it.
  'a 407': fails('/status/407'),
  'a redirect that is an error': fails('/redirect/302', { redirect: 'error' }),
  'a redirect in a circle': fails('/circle'),
  'a redirect to a wrong URL': fails('/astray'),
  'a redirect to another scheme': fails('/redirect/302?to=data:,x'),
  'a redirect to a URL with a user': fails('/redirect/302?to=http://user:secret@127.0.0.1/'),
  'a redirect of a stream': ({ fetch, url }) =>
    observeFailure(() =>
      fetch(`${url}/redirect/307`, { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit),
    ),
  'a connection that is reset': fails('/reset'),
  'a connection that is reset under a POST': fails('/reset', { method: 'POST', body: 'x' }),
  'a connection that ends': fails('/silent'),
  'an answer that is no HTTP': fails('/noise'),
  'a body that breaks off': fails('/cut'),
  'a body that is no gzip': fails('/garbled'),
  'a server that is not there': async ({ fetch, server }) => {
    await server.close()
    return observeFailure(() => fetch(server.url))
  },
  'a name that nobody has': ({ fetch }) => observeFailure(() => fetch('http://name.invalid/')),
  'TLS to a server that has none': ({ fetch, url }) => observeFailure(() => fetch(url.replace('http:', 'https:'))),
  'integrity that does not hold': fails('/echo', { integrity: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' }),
}
