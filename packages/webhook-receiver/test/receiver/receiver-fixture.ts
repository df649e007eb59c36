import { createHmac } from 'node:crypto'
import type { Connector } from '@holdfast/core'
import { onTestFinished } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { IncomingWebhook, Receiver, ReceiverOptions } from '../../src/receiver/receiver.ts'

export const SECRET = 'a secret'

export const sample: Connector = {
  id: 'sample',
  name: 'Sample',
  sources: [],
  webhook: {
    verify: [
      {
        scheme: 'hmac',
        hash: 'sha256',
        encoding: 'hex',
        secret: { encoding: 'utf8' },
        signature: { from: 'header', name: 'x-signature' },
        message: [{ part: 'body' }],
      },
    ],
    eventId: { from: 'body', pointer: '/id', signed: true },
    eventType: { from: 'body', pointer: '/type', signed: true },
    tenant: { from: 'body', pointer: '/tenant', signed: true },
  },
}

/** Options of a receiver with one source, `sample`, and one destination that does nothing. */
export function receiverOptions(overrides: Partial<ReceiverOptions> = {}): ReceiverOptions {
  return {
    buffer: memoryBuffer(),
    sources: { sample: { connector: sample, secrets: [SECRET], maxBodyBytes: 1024 } },
    destinations: { log: { handle: () => {} } },
    ...overrides,
  }
}

/** A running receiver that stops with the test. */
export async function startedReceiver(overrides: Partial<ReceiverOptions> = {}): Promise<Receiver> {
  const receiver = createReceiver(receiverOptions(overrides))
  await receiver.start()
  onTestFinished(() => receiver.stop())
  return receiver
}

/** A signed webhook with the body `text`. */
export function webhook(text: string, overrides: Partial<IncomingWebhook> = {}): IncomingWebhook {
  const signature = createHmac('sha256', SECRET).update(text).digest('hex')
  return {
    method: 'POST',
    url: '/webhooks/sample?x=1',
    headers: [['X-Signature', signature]],
    body: Buffer.from(text),
    ...overrides,
  }
}

/** A promise that the test settles. */
export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
