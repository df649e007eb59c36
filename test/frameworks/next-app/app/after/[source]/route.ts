// Nothing drains in the background: each accepted webhook has the buffer emptied once it is answered.
import { nextWebhooks } from '@holdfast/adapters/next'
import { after } from 'next/server'
import { delivered, receiver } from '../../../draining-inbox.ts'

receiver.on('webhook:accepted', () => after(() => receiver.drainOnce({ deadlineMs: 5_000 })))
await receiver.start({ drain: false })

export const POST = nextWebhooks(receiver)

export function GET(): Response {
  return Response.json(delivered)
}
