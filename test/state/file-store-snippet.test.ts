import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewEvent } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openProcess } from './file-store-snippet.ts'

const issue: NewEvent = {
  id: 'evt_1',
  source: 'github',
  receivedAt: 0,
  method: 'POST',
  url: '/webhooks/github',
  headers: [],
  body: new TextEncoder().encode('{}'),
}

test('two processes that got the same event comment on it once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-file-snippet-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const comments: string[] = []
  const server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => comments.push(text))
    request.on('end', () => response.writeHead(201).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/comments`

  for (let process = 0; process < 2; process++) {
    const buffer = memoryBuffer()
    const receiver = openProcess(directory, buffer, 'secret', api)
    await receiver.start()
    await buffer.append([issue])
    await receiver.drained()
    await receiver.stop()
  }
  expect(comments).toEqual(['{"about":"evt_1"}'])
})
