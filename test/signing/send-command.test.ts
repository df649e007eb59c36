import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import stripe from '@holdfast/adapters/connectors/stripe'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { createReceiver } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { expect, onTestFinished, test } from 'vitest'

const SECRET = 'whsec_of_this_test'

test('holdfast send, as a process, is believed by a receiver, with a connector by its name', async () => {
  const delivered: (string | undefined)[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { stripe: { connector: stripe, secrets: [SECRET] } },
    destinations: { log: { handle: ({ eventId }) => void delivered.push(eventId) } },
  })
  await receiver.start()
  const server = createServer(nodeHttpWebhooks(receiver, { source: () => 'stripe' }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    await receiver.stop()
  })

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`
  const [right, wrong] = await Promise.all([send(url, SECRET, 'evt_1'), send(url, 'whsec_of_somebody_else', 'evt_2')])
  expect(right).toMatchObject({ code: 0, answer: { status: 200 } })
  expect(wrong).toMatchObject({ code: 1, answer: { status: 401 } })
  await receiver.drained()
  expect(delivered).toEqual(['evt_1'])
}, 20_000)

async function send(url: string, secret: string, id: string) {
  const main = join(import.meta.dirname, '../../packages/webhook-receiver/src/cli/main.ts')
  const args = ['send', url, '--connector', 'stripe', '--secret-env', 'HOOK_SECRET', '--id', id, '--json']
  const options = { cwd: join(import.meta.dirname, '..'), env: { ...process.env, HOOK_SECRET: secret } }
  const ended = promisify(execFile)(process.execPath, ['--conditions=@holdfast/source', main, ...args], options)
  const { stdout, code } = await ended.then(
    (output) => ({ ...output, code: 0 }),
    (error: unknown) => error as { readonly stdout: string; readonly code: number },
  )
  return { code, answer: JSON.parse(stdout) as unknown }
}
