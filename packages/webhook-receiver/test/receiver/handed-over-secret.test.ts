import { createHmac } from 'node:crypto'
import type { Handshake } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { receiverOptions } from './receiver-fixture.ts'
import { connectorOf, signed, type SourceUnderTest, sourceWith } from './source-fixture.ts'

const handOver: Handshake = {
  name: 'hook_secret',
  when: [{ from: 'header', name: 'x-hook-secret' }],
  secret: { from: 'header', name: 'x-hook-secret' },
  respond: { status: 200, headers: { 'x-hook-secret': { value: 'secret' } } },
  examples: [{ source: 'test', request: { url: 'https://a.example/' }, response: { status: 200, body: '' } }],
}

/** A source whose secrets are those of the URL, and are saved there. */
async function sourceWithVault(): Promise<SourceUnderTest & { readonly vault: Map<string, string> }> {
  const vault = new Map<string, string>()
  const source = await sourceWith(
    { handshakes: [handOver] },
    {
      secrets: {
        tenantOf: ({ url }) => url,
        resolve: ({ tenant = '' }) => [...vault].flatMap(([url, secret]) => (url === tenant ? [secret] : [])),
      },
      handshake: { saveSecret: ({ url, secret }) => void vault.set(url, secret) },
    },
  )
  return { ...source, vault }
}

describe('a secret that the provider hands over', () => {
  test('is sent back once it is saved, and verifies events from then on', async () => {
    const { send, stored, vault, events } = await sourceWithVault()
    const event = signed('{"a":1}', { url: '/hooks/1' }, 'handed-over')
    expect((await send(event)).status).toBe(401)
    const reply = await send({ url: '/hooks/1', headers: [['X-Hook-Secret', 'handed-over']] })
    expect(reply).toMatchObject({ status: 200, headers: { 'x-hook-secret': 'handed-over' } })
    expect([...vault]).toEqual([['/hooks/1', 'handed-over']])
    expect((await send(event)).status).toBe(200)
    expect(stored).toHaveLength(1)
    expect(JSON.stringify(events.events)).not.toContain('handed-over')
  })

  test('never replaces one, whoever sends it, and the events of its owner still verify', async () => {
    const { send, vault } = await sourceWithVault()
    await send({ url: '/hooks/1', headers: [['X-Hook-Secret', 'the-first']] })
    const forged = await send({ url: '/hooks/1', headers: [['X-Hook-Secret', 'of-an-attacker']] })
    expect(forged.status).toBe(403)
    expect(forged.headers).not.toHaveProperty('x-hook-secret')
    expect(vault.get('/hooks/1')).toBe('the-first')
    expect((await send(signed('{}', { url: '/hooks/1' }, 'of-an-attacker'))).status).toBe(401)
    expect((await send(signed('{}', { url: '/hooks/1' }, 'the-first'))).status).toBe(200)
  })

  test('belongs to its URL alone', async () => {
    const { send } = await sourceWithVault()
    await send({ url: '/hooks/1', headers: [['X-Hook-Secret', 'secret-one']] })
    await send({ url: '/hooks/2', headers: [['X-Hook-Secret', 'secret-two']] })
    expect((await send(signed('{}', { url: '/hooks/2' }, 'secret-one'))).status).toBe(401)
    expect((await send(signed('{}', { url: '/hooks/2' }, 'secret-two'))).status).toBe(200)
  })

  test('needs a function that finds it', () => {
    const connector = connectorOf({ handshakes: [handOver] })
    const sources = { acme: { connector, secrets: ['a secret'], handshake: { saveSecret: () => {} } } }
    expect(() => createReceiver(receiverOptions({ sources }))).toThrow(/sources\.acme\.handshake\.saveSecret.*function/)
  })

  test('is refused where it is handed over in a request that is signed with another', async () => {
    const { send } = await sourceWithVault()
    await send({ url: '/hooks/1', headers: [['X-Hook-Secret', 'the-first']] })
    const signature = createHmac('sha256', 'the-first').update('{}').digest('hex')
    const reply = await send({
      url: '/hooks/1',
      body: new TextEncoder().encode('{}'),
      headers: [
        ['X-Signature', signature],
        ['X-Hook-Secret', 'another-one'],
      ],
    })
    expect(reply.status).toBe(403)
  })
})
