import sendgrid from '@holdfast/adapters/connectors/sendgrid'
import stripe from '@holdfast/adapters/connectors/stripe'
import { createReceiver, type EventBuffer, type Receiver, type SecretsOption } from '@holdfast/webhook-receiver'

export interface OrderInboxOptions {
  readonly buffer: EventBuffer
  readonly stripeSecrets: SecretsOption
  readonly sendgridKeys: SecretsOption
  readonly orders: { paid(order: string): void; bounced(address: string): void }
}

/** The code under test: what you do with the events of others. */
export function orderInbox({ buffer, stripeSecrets, sendgridKeys, orders }: OrderInboxOptions): Receiver {
  return createReceiver({
    buffer,
    sources: {
      stripe: { connector: stripe, secrets: stripeSecrets },
      sendgrid: { connector: sendgrid, secrets: sendgridKeys },
    },
    destinations: {
      orders: {
        handle: (event) => {
          const body = event.json() as { readonly data?: { object: { id: string } }; readonly email?: string }
          if (event.type === 'checkout.session.completed') orders.paid(body.data?.object.id ?? '')
          if (event.type === 'bounce') orders.bounced(body.email ?? '')
        },
      },
    },
  })
}
