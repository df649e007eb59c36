import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '@holdfast/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { flipBit, holdfast, sampleEvent, storedDirectory, temporaryDirectory } from './cli-fixture.ts'

describe('holdfast replay', () => {
  it('sends the chosen events in order, with their own headers and bytes', async () => {
    const directory = await storedDirectory([1, 2, 3].map((number) => sampleEvent(number)))
    const { url, received } = await receivingServer()
    const { code, stdout } = await holdfast([
      'replay',
      directory,
      '--url',
      url,
      '--rate',
      '1000',
      '--from',
      '2026-11-26T02:00:00Z',
      '--header',
      'x-replayed: yes',
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 events delivered, 0 refused\n' })
    expect(received.map(({ body }) => body)).toEqual(['{"number":2}', '{"number":3}'])
    expect(received[0]?.headers).toMatchObject({ 'x-signature': 'one, two', 'x-replayed': 'yes' })
  })

  it('names a port that fetch blocks', async () => {
    const directory = await storedDirectory([sampleEvent(1)])
    const { code, stderr } = await holdfast(['replay', directory, '--url', 'http://127.0.0.1:6000/'])
    expect(code).toBe(1)
    expect(stderr).toContain('Expected `--url` to have a port that fetch connects to, got 6000, which it blocks.')
  })

  it.each([
    ['x key: a', 'x key:…'],
    ['x-key: caf\u{1f600}', 'x-key:…'],
    ['x-key: a\r\ny: b', 'x-key:…'],
    [': a', ': a'],
  ])('refuses the header %j as wrong usage, and does not repeat its value', async (header, told) => {
    const place = [await storedDirectory([sampleEvent(1)]), '--url', 'http://127.0.0.1:2/']
    const { code, stderr } = await holdfast(['replay', ...place, '--header', header])
    expect({ code, stderr }).toEqual({ code: 2, stderr: `holdfast: --header takes NAME:VALUE, got \`${told}\`.\n` })
  })

  it('stops at an event that is refused, or goes on when it is told to', async () => {
    const directory = await storedDirectory([1, 2, 3].map((number) => sampleEvent(number)))
    const { url, received } = await receivingServer((body) => (body.includes('1') ? 422 : 200))
    const stopped = await holdfast(['replay', directory, '--url', url, '--rate', '1000'])
    expect(stopped).toMatchObject({ code: 1, stdout: '0 events delivered, 1 refused\n' })
    expect(stopped.stderr).toContain('evt_1: answered 422')
    await holdfast(['replay', directory, '--url', url, '--rate', '1000', '--keep-going'])
    expect(received).toHaveLength(4)
    const dry = await holdfast(['replay', directory, '--dry-run', '--source', 'other'])
    expect(dry.stdout).toBe('0 events would be sent\n')
  })

  it('sends the others with --keep-going, however many are refused', async () => {
    const directory = await storedDirectory(Array.from({ length: 20 }, (_, number) => sampleEvent(number)))
    const { url, received } = await receivingServer((body) => (/[13579]}$/.test(body) ? 503 : 200))
    const { stdout } = await holdfast(['replay', directory, '--url', url, '--rate', '10000', '--keep-going'])
    expect(stdout).toBe('10 events delivered, 10 refused\n')
    expect(received).toHaveLength(20)
  })

  it('sends an event that came with GET, and goes on behind one whose headers no request can have', async () => {
    const directory = await storedDirectory([
      sampleEvent(1, { method: 'GET', body: new Uint8Array() }),
      sampleEvent(2, { headers: [['x-name', 'caf\u{1f600}']] }),
      sampleEvent(3),
    ])
    const { url, received } = await receivingServer()
    const { code, stdout, stderr } = await holdfast([
      'replay',
      directory,
      '--url',
      url,
      '--rate',
      '1000',
      '--keep-going',
    ])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '2 events delivered, 1 refused\n' })
    expect(stderr).toContain('evt_2: ')
    expect(stderr).not.toContain('    at ')
    expect(received.map(({ method, body }) => [method, body])).toEqual([
      ['GET', ''],
      ['POST', '{"number":3}'],
    ])
  })

  it('tells nothing of a query in a target that is none', async () => {
    const { code, stderr } = await holdfast(['replay', 'inbox', '--url', 'htp://example.com/hooks?token=s3cret'])
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('htp://example.com/hooks?…') })
    expect(stderr).not.toContain('s3cret')
  })

  it('sends so many a second', async () => {
    const directory = await storedDirectory([1, 2, 3].map((number) => sampleEvent(number)))
    const { url } = await receivingServer()
    const waits: number[] = []
    const clock: Clock = {
      ...systemClock,
      // It stands still, so that a wait tells when the event is due.
      monotonicMs: () => 0,
      sleep: async (ms) => void waits.push(ms),
    }
    await holdfast(['replay', directory, '--url', url, '--rate', '20'], { clock })
    expect(waits).toEqual([0, 50, 100])
  })

  it('goes on behind a position', async () => {
    const directory = await storedDirectory([1, 2, 3].map((number) => sampleEvent(number)))
    const { url, received } = await receivingServer((body) => (body.includes('2') ? 422 : 200))
    const { stderr } = await holdfast(['replay', directory, '--url', url, '--rate', '1000'])
    const [position = ''] = stderr.split(' ')
    expect(position).toBe('0000000000000002')
    const { stdout } = await holdfast(['replay', directory, '--url', url, '--rate', '1000', '--after', position])
    expect(stdout).toBe('1 event delivered, 0 refused\n')
    expect(received.map(({ body }) => body)).toEqual(['{"number":1}', '{"number":2}', '{"number":3}'])
  })

  it('refuses a position that is none', async () => {
    const directory = await storedDirectory([sampleEvent(1)])
    expect(await holdfast(['replay', directory, '--dry-run', '--after', '2'])).toMatchObject({
      code: 2,
      stderr: 'holdfast: --after takes a position of 16 digits such as 0000000000000001, got `2`.\n',
    })
  })

  it('refuses a position where there are shards', async () => {
    const directory = temporaryDirectory()
    const buffers = [1, 2].map(() => diskBuffer({ directory, shards: 'auto' }))
    for (const buffer of buffers) await buffer.open()
    for (const buffer of buffers) await buffer.close()
    expect(await holdfast(['replay', directory, '--dry-run', '--after', '0000000000000001'])).toMatchObject({
      code: 2,
      stderr: 'holdfast: --after cannot be used with shards: each has positions of its own.\n',
    })
  })

  it('says how many events are lost', async () => {
    const directory = await storedDirectory([1, 2, 3].map((number) => sampleEvent(number)))
    flipBit(directory, '{"number":2}')
    expect((await holdfast(['replay', directory, '--dry-run'])).stdout).toBe('2 events would be sent; 1 lost\n')
    const { url } = await receivingServer()
    const { stdout } = await holdfast(['replay', directory, '--url', url, '--rate', '1000', '--json'])
    expect(JSON.parse(stdout)).toEqual({ dryRun: false, chosen: 2, delivered: 2, refused: 0, lost: 1 })
  })

  it('follows no redirect, and says that it was one', async () => {
    const { url } = await receivingServer(() => 302)
    const { stderr } = await holdfast(['replay', await storedDirectory([sampleEvent(1)]), '--url', url])
    expect(stderr).toContain('evt_1: answered 302')
  })
})

async function receivingServer(statusOf: (body: string) => number = () => 200) {
  const received: {
    readonly method: string | undefined
    readonly headers: NodeJS.Dict<string | string[]>
    readonly body: string
  }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    received.push({ method: request.method, headers: request.headers, body })
    response.writeHead(statusOf(body)).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`, received }
}
