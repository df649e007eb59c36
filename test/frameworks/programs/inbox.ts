import github from '@holdfast/adapters/connectors/github'
import { createReceiver } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'

/** What was delivered. */
export const delivered: string[] = []

/** A receiver inside the framework, which delivers when it is told to. */
export const receiver = createReceiver({
  buffer: memoryBuffer(),
  sources: { github: { connector: github, secrets: ['secret'] } },
  destinations: { log: { handle: (event) => void delivered.push(event.text()) } },
})
