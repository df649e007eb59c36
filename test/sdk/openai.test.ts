import { createFetch, type FetchOptions } from '@holdfast/core'
import type { FlakyUpstream } from '@holdfast/core/testing'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { fastClock } from './fast-clock.ts'
import { scriptedServer } from './scripted-server.ts'

const options: FetchOptions = { clock: fastClock, deadlineMs: false, attemptTimeoutMs: false }
const request = { model: 'm', messages: [{ role: 'user', content: 'hi' }] } as const
const chunk = (content: string): string =>
  `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`

function openaiOver(server: FlakyUpstream): OpenAI {
  return new OpenAI({ apiKey: 'sk-test', baseURL: server.url, fetch: createFetch(options), maxRetries: 0 })
}

describe('OpenAI over createFetch', () => {
  it('lists models through a reset and a rate limit in milliseconds', async () => {
    const server = await scriptedServer(
      { fault: 'reset' },
      { status: 429, headers: { 'retry-after-ms': '150' }, body: { error: { message: 'slow', code: 'rate_limit' } } },
      { body: { object: 'list', data: [{ id: 'm' }] } },
    )
    const page = await openaiOver(server).models.list()
    expect(page.data).toEqual([{ id: 'm' }])
    expect(server.requests).toHaveLength(3)
  })

  it('repeats a completion that met a rate limit, with the same body', async () => {
    const server = await scriptedServer(
      { status: 429, headers: { 'retry-after': '1' }, body: { error: { message: 'slow' } } },
      { body: { id: '1', choices: [{ message: { content: 'hello' } }] } },
    )
    const { choices } = await openaiOver(server).chat.completions.create({
      ...request,
      messages: [...request.messages],
    })
    expect(choices[0]?.message.content).toBe('hello')
    expect(server.requests).toHaveLength(2)
    expect(server.requests[1]?.text).toBe(server.requests[0]?.text)
  })

  it('streams a completion', async () => {
    const server = await scriptedServer({
      headers: { 'content-type': 'text/event-stream' },
      body: `${chunk('hel')}${chunk('lo')}data: [DONE]\n\n`,
      bytesPerChunk: 10,
    })
    const stream = await openaiOver(server).chat.completions.create({
      ...request,
      messages: [...request.messages],
      stream: true,
    })
    let text = ''
    for await (const part of stream) text += part.choices[0]?.delta.content ?? ''
    expect(text).toBe('hello')
  })

  it('does not repeat what the server vetoes', async () => {
    const server = await scriptedServer({
      status: 429,
      headers: { 'retry-after': '1', 'x-should-retry': 'false' },
      body: { error: { message: 'out of credit', code: 'insufficient_quota' } },
    })
    await expect(openaiOver(server).models.list()).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' })
    expect(server.requests).toHaveLength(1)
  })
})
