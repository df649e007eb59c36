import { fakeClock, type FakeClock, type EventRecorder, recordEvents, seededRandom } from '@holdfast/core/testing'
import type { EventBuffer, HeaderPairs } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createGateway, type Gateway, type GatewayEventMap, type GatewayOptions } from '../../src/gateway/index.ts'

/** A service whose state the test sets, behind a `fetch`. */
export interface FakeTarget {
  healthy: boolean
  /** What probes are answered instead of 200 or 503. */
  probe?: ((request: Request) => Response | Promise<Response>) | undefined
  /** What it answers to requests; called in order of arrival. */
  answer: (body: string, request: Request) => Response | Promise<Response>
  /** Bodies of the requests that it was sent, probes aside, in order of arrival. */
  readonly sent: string[]
  /** Bodies of those that it answered with a status below 400. */
  readonly taken: string[]
  readonly headersOf: Map<string, Headers>
  readonly fetch: typeof globalThis.fetch
}

/** A target that is healthy and takes everything. */
export function fakeTarget(): FakeTarget {
  const target: FakeTarget = {
    healthy: true,
    answer: (body) => new Response(`took ${body}`, { status: 201, headers: { 'x-answered-by': 'target' } }),
    sent: [],
    taken: [],
    headersOf: new Map(),
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (new URL(request.url).pathname === '/health') {
        if (target.probe !== undefined) return target.probe(request)
        return new Response(null, { status: target.healthy ? 200 : 503 })
      }
      const body = await request.text()
      target.sent.push(body)
      target.headersOf.set(body, request.headers)
      const answer = await target.answer(body, request)
      if (answer.status < 400) target.taken.push(body)
      return answer
    },
  }
  return target
}

export interface GatewayFixture {
  readonly gateway: Gateway
  readonly target: FakeTarget
  readonly clock: FakeClock
  readonly buffer: EventBuffer
  readonly heard: EventRecorder<GatewayEventMap>
  /** Sends a request whose key is the part of its body before `-`. */
  readonly post: (body: string, headers?: HeaderPairs) => Promise<{ status: number; text: string }>
  /** Lets everything happen that needs no time. */
  readonly quiet: () => Promise<void>
}

/** A started gateway with a key per request, one probe a second, and a change of health after 2 of 3 probes. */
export async function gatewayFixture(
  options: Partial<GatewayOptions> = {},
  target: FakeTarget = fakeTarget(),
  clock: FakeClock = fakeClock(),
): Promise<GatewayFixture> {
  const buffer = options.buffer ?? memoryBuffer({ clock })
  const gateway = createGateway({
    target: 'http://service.internal',
    buffer,
    fetch: target.fetch,
    clock,
    random: { next: seededRandom(7).next, uuid: () => crypto.randomUUID() },
    orderingKey: (request) => request.text().split('-')[0],
    ratePerSecond: Infinity,
    ...options,
    health: { intervalMs: 1_000, timeoutMs: 500, ...options.health },
  })
  const heard = recordEvents<GatewayEventMap>(gateway, [
    'gateway:mode-changed',
    'gateway:probe-failed',
    'gateway:captured',
    'gateway:forwarded',
    'gateway:refused',
    'delivery:succeeded',
    'delivery:retried',
    'delivery:dead-lettered',
  ])
  await gateway.start()
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn++) await clock.flush()
  }
  return {
    gateway,
    target,
    clock,
    buffer,
    heard,
    quiet,
    async post(body, headers = []) {
      const reply = await gateway.accept({
        method: 'POST',
        url: '/hooks?from=test',
        headers,
        body: new TextEncoder().encode(body),
      })
      return { status: reply.status, text: await textOf(reply.body) }
    },
  }
}

/** Reads a reply's body to its end. */
export async function textOf(body: AsyncIterable<Uint8Array> | Uint8Array | null): Promise<string> {
  if (body === null) return ''
  if (body instanceof Uint8Array) return new TextDecoder().decode(body)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
