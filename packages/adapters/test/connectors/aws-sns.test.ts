import { systemClock } from '@holdfast/core'
import { scriptedFetch } from '@holdfast/core/testing'
import { confirmSubscription, createReceiver, type WebhookEvent } from '@holdfast/webhook-receiver'
import { fixedKeys, memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { expect, onTestFinished, test } from 'vitest'
import awsSns from '../../src/connectors/aws-sns.ts'

test('a handler confirms the subscription that Amazon asks to be confirmed', async () => {
  const [handshake] = awsSns.webhook?.handshakes ?? []
  const { request, secret = '', keys = {}, receivedAt = 0 } = handshake?.examples[0] ?? { request: { url: '' } }
  const transport = scriptedFetch([new Response('<ConfirmSubscriptionResponse/>')])
  const delivered: WebhookEvent[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { sns: { connector: awsSns, secrets: [secret], keys: fixedKeys(keys) } },
    destinations: { orders: { handle: (event) => void delivered.push(event) } },
    clock: { ...systemClock, now: () => receivedAt },
  })
  await receiver.start({ drain: false })
  onTestFinished(() => receiver.stop())
  await receiver.accept('sns', {
    method: 'POST',
    url: request.url,
    headers: Object.entries(request.headers ?? {}),
    body: new TextEncoder().encode(request.body),
  })
  await receiver.drainOnce({ deadlineMs: 5_000 })

  const [event] = delivered
  if (event === undefined) throw new Error('Nothing was delivered.')
  expect(await confirmSubscription(event, { connector: awsSns, fetch: transport })).toBe(true)
  expect(transport.calls.map(({ url }) => url)).toEqual([
    expect.stringMatching(/^https:\/\/sns\.us-west-2\.amazonaws\.com\/\?Action=ConfirmSubscription&TopicArn=/),
  ])
})
