import { createHash, createHmac } from 'node:crypto'
import type { HandshakeResponse } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type AnswerMaterial, renderAnswer } from '../../src/handshake/render-answer.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'

const hashes = nodeHashes()!
const material: AnswerMaterial = {
  challenge: () => 'abc',
  secret: () => 'handed over',
  publicKey: () => 'public',
  verifyToken: () => 'tökén',
  url: () => 'https://example.com/hook',
  eventKey: async (hash) => hashes.importKey(hash, Buffer.from('key')),
}
const safe = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }
const render = (respond: HandshakeResponse) => renderAnswer(respond, material, hashes)

describe('renderAnswer', () => {
  test('answers with a status alone, which nobody keeps', async () => {
    expect(await render({ status: 204 })).toEqual({ status: 204, headers: safe, body: '' })
  })

  test('gives the challenge back as text', async () => {
    const reply = await render({ status: 200, body: { value: 'challenge' } })
    expect(reply).toEqual({ status: 200, headers: { ...safe, 'content-type': 'text/plain' }, body: 'abc' })
  })

  test('writes JSON, literals included', async () => {
    const json = { __proto__: { literal: 1 }, ok: { literal: true }, answer: { value: 'challenge' } } as const
    const { headers, body } = await render({ status: 200, body: { json } })
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body)).toEqual({ ok: true, answer: 'abc' })
  })

  test('hashes the challenge with the key of events, and texts without it', async () => {
    const hmac = createHmac('sha256', 'key').update('abc').digest('base64')
    const digest = createHash('sha256').update('abctökénhttps://example.com/hook').digest('hex')
    const reply = await render({
      status: 200,
      body: {
        json: {
          hmac: { hmac: { hash: 'sha256', encoding: 'base64', prefix: 'sha256=' } },
          digest: { digest: { hash: 'sha256', encoding: 'hex', of: ['challenge', 'verifyToken', 'url'] } },
          both: { concat: [{ value: 'publicKey' }, { literal: '|' }, { value: 'challenge' }] },
        },
      },
    })
    expect(JSON.parse(reply.body)).toEqual({ hmac: `sha256=${hmac}`, digest, both: 'public|abc' })
  })

  test('puts values into headers', async () => {
    const { headers } = await render({ status: 200, headers: { 'x-hook-secret': { value: 'secret' } } })
    expect(headers).toEqual({ ...safe, 'x-hook-secret': 'handed over' })
  })
})
