import { createHmac } from 'node:crypto'
import gitlab from '@holdfast/adapters/connectors/gitlab'
import standardWebhooks from '@holdfast/adapters/connectors/standard-webhooks'
import svix from '@holdfast/adapters/connectors/svix'
import type { Connector } from '@holdfast/core'
import { createVerifier } from '@holdfast/webhook-receiver'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, bytesOf, invalidUtf8, largestBody, withOneWrongCharacter } from './awkward-bodies.ts'

const KEY = Buffer.from('0123456789abcdef0123456789abcdef')
const SECRET = `whsec_${KEY.toString('base64')}`
const OTHER_SECRET = `whsec_${Buffer.from('another key of thirty-two bytes!').toString('base64')}`
const ID = 'msg_2Lh9KRb0pzN4LePd3XiA4v12Axj'
const NOW = 1_764_000_000_000

const cases: readonly (readonly [string, Connector, string])[] = [
  ['standard-webhooks', standardWebhooks, 'webhook'],
  ['svix with svix-* headers', svix, 'svix'],
  ['svix with webhook-* headers', svix, 'webhook'],
  ['gitlab with a signing token', gitlab, 'webhook'],
]

describe.each(cases)('%s', (_name, connector, prefix) => {
  const verifier = createVerifier({ connector, secrets: [OTHER_SECRET, SECRET] })
  const verify = (signature: string, body: Uint8Array, time = String(NOW / 1000), receivedAt = NOW) =>
    verifier.verify({
      headers: [
        [`${prefix}-id`, ID],
        [`${prefix}-timestamp`, time],
        [`${prefix}-signature`, signature],
      ],
      body,
      receivedAt,
    })

  test.each(awkwardTexts)('verifies what standardwebhooks and svix signed: %s', async (_title, text) => {
    for (const signer of [new Webhook(SECRET), new SvixWebhook(SECRET)]) {
      expect(await verify(signer.sign(ID, new Date(NOW), text), bytesOf(text))).toMatchObject({
        ok: true,
        keyIndex: 1,
        bound: ['id', 'timestamp', 'body'],
      })
    }
  })

  test('verifies any body that standardwebhooks signed, and none with a wrong byte', async () => {
    const signer = new Webhook(SECRET)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.nat(255), async (text, byte) => {
        const signature = signer.sign(ID, new Date(NOW), text)
        expect(await verify(signature, bytesOf(text))).toMatchObject({ ok: true })
        expect(await verify(signature, Uint8Array.of(...bytesOf(text), byte))).toMatchObject({ reason: 'mismatch' })
      }),
      { numRuns: 100 },
    )
  })

  test('finds the right one of several signatures in any order, unpadded as well, and ignores other versions', async () => {
    const right = new Webhook(SECRET).sign(ID, new Date(NOW), '{}')
    const wrong = new Webhook(`whsec_${Buffer.alloc(32, 7).toString('base64')}`).sign(ID, new Date(NOW), '{}')
    for (const header of [`${wrong} ${right}`, `${right} ${wrong}`, `v1a,AAAA ${right}`, right.replaceAll('=', '')]) {
      expect(await verify(header, bytesOf('{}'))).toMatchObject({ ok: true })
    }
    for (const header of [wrong, right.replace('v1,', 'v1a,'), right.replace('v1,', 'v2,'), right.slice(3)]) {
      expect(await verify(header, bytesOf('{}'))).toMatchObject({ ok: false })
    }
  })

  test('refuses a wrong character anywhere', async () => {
    const right = new Webhook(SECRET).sign(ID, new Date(NOW), '{}')
    for (const wrong of withOneWrongCharacter(right, 'B')) {
      expect(await verify(wrong, bytesOf('{}'))).toMatchObject({ ok: false })
    }
  })

  test('refuses what is stale or from the future, also far in the future', async () => {
    const signer = new Webhook(SECRET)
    for (const [shiftS, reason] of [
      [-301, 'stale_timestamp'],
      [301, 'future_timestamp'],
      [8_000 * 365 * 86_400, 'future_timestamp'],
    ] as const) {
      const at = new Date(NOW + shiftS * 1000)
      const result = await verify(signer.sign(ID, at, '{}'), bytesOf('{}'), String(at.getTime() / 1000))
      expect(result).toMatchObject({ ok: false, code: 'timestamp_stale', reason })
    }
  })

  test('verifies bytes that are not UTF-8, an empty body and 25 MB', async () => {
    for (const body of [invalidUtf8, new Uint8Array(0), largestBody]) {
      const signature = createHmac('sha256', KEY)
        .update(`${ID}.${NOW / 1000}.`)
        .update(body)
        .digest('base64')
      expect(await verify(`v1,${signature}`, body)).toMatchObject({ ok: true })
    }
  })
})
