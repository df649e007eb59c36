import { createHmac } from 'node:crypto'
import type { Connector, IntegrationError } from '@holdfast/core'
import type { HeaderPairs } from '../../buffer/event-buffer.ts'
import { memoryBuffer } from '../../buffer/memory-buffer.ts'
import { createReceiver } from '../../receiver/create-receiver.ts'
import type { Receiver } from '../../receiver/receiver.ts'
import { createChanges } from './changes.ts'

const SECRET = 'conformance'

/** `maxBodyBytes` of the source `signed`. */
export const signedLimitBytes: number = 64 * 1024

const connector: Connector = {
  id: 'signed',
  name: 'Signed',
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
  },
}

/** A running receiver with the source `signed`, and what it refuses. */
export interface SignedReceiver {
  readonly receiver: Receiver
  readonly refusals: readonly IntegrationError[]
  /** Waits for the next refusal with this reason. */
  readonly refused: (reason: string) => Promise<IntegrationError>
}

/** Runs `body` with a real receiver, and stops it afterwards. */
export async function withSignedReceiver(body: (signed: SignedReceiver) => Promise<void>): Promise<void> {
  const refusals: IntegrationError[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { signed: { connector, secrets: [SECRET], maxBodyBytes: signedLimitBytes } },
    destinations: { log: { handle: () => {} } },
  })
  const changes = createChanges()
  receiver.on('webhook:refused', ({ error }) => {
    refusals.push(error)
    changes.happened()
  })
  let seen = 0
  const refused = (reason: string): Promise<IntegrationError> =>
    changes.until(`a refusal with reason ${reason}`, () => {
      const index = refusals.findIndex((error, at) => at >= seen && error.reason === reason)
      if (index < 0) return undefined
      seen = index + 1
      return refusals[index]
    })
  await receiver.start()
  try {
    await body({ receiver, refusals, refused })
  } finally {
    await receiver.stop()
  }
}

/** The headers that sign a body for the source `signed`. */
export function signatureOf(body: Uint8Array | string): HeaderPairs {
  return [['X-Signature', createHmac('sha256', SECRET).update(body).digest('hex')]]
}
