import sendgrid from '@holdfast/adapters/connectors/sendgrid'
import stripe from '@holdfast/adapters/connectors/stripe'
import { generateWebhookKey, memoryBuffer, signRequest } from '@holdfast/webhook-receiver/testing'
import { expect, onTestFinished, test } from 'vitest'
import { orderInbox } from './orders.ts'

const stripeKey = await generateWebhookKey({ connector: stripe }) // a secret, as Stripe writes them
const sendgridKey = await generateWebhookKey({ connector: sendgrid }) // a pair of keys: the private one signs

async function startInbox() {
  const seen: string[] = []
  const inbox = orderInbox({
    buffer: memoryBuffer(),
    stripeSecrets: stripeKey.source.secrets,
    sendgridKeys: sendgridKey.source.secrets,
    orders: { paid: (order) => seen.push(`paid ${order}`), bounced: (address) => seen.push(`bounced ${address}`) },
  })
  await inbox.start()
  onTestFinished(() => inbox.stop())
  return { inbox, seen }
}

test('an order is paid once, though Stripe delivers the event twice', async () => {
  const { inbox, seen } = await startInbox()
  for (const _delivery of ['first', 'again']) {
    const { request } = await signRequest({
      connector: stripe,
      key: stripeKey,
      id: 'evt_1',
      body: { type: 'checkout.session.completed', data: { object: { id: 'order_7' } } },
    })
    expect((await inbox.handle('stripe', request)).status).toBe(200)
  }
  await inbox.drained()
  expect(seen).toEqual(['paid order_7'])
})

test('each bounce of a batch is seen', async () => {
  const { inbox, seen } = await startInbox()
  const body = ['ada@example.com', 'bob@example.com'].map((email) => ({ event: 'bounce', email, sg_event_id: email }))
  const { request } = await signRequest({ connector: sendgrid, key: sendgridKey, body })
  expect((await inbox.handle('sendgrid', request)).status).toBe(200)
  await inbox.drained()
  expect(seen).toEqual(['bounced ada@example.com', 'bounced bob@example.com'])
})

test('nothing is believed that is old, or signed by somebody else', async () => {
  const { inbox, seen } = await startInbox()
  const body = { type: 'checkout.session.completed', data: { object: { id: 'order_7' } } }
  const old = await signRequest({ connector: stripe, key: stripeKey, body, timestamp: Date.now() - 600_000 })
  const forged = await signRequest({ connector: stripe, key: await generateWebhookKey({ connector: stripe }), body })
  for (const { request } of [old, forged]) expect((await inbox.handle('stripe', request)).status).toBe(401)
  expect(seen).toEqual([])
})
