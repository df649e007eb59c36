import { describe, expect, it } from 'vitest'
import { scriptedFetch } from '../../src/testing/index.ts'

describe('scriptedFetch', () => {
  it('answers in order, repeats the last answer and records the calls', async () => {
    const fetch = scriptedFetch([new Response('one'), () => new Response('two'), new Response('three')])
    const texts: string[] = []
    for (let n = 0; n < 4; n++) texts.push(await (await fetch(`https://example.com/${n}`)).text())
    expect(texts).toEqual(['one', 'two', 'three', 'three'])
    expect(fetch.calls.map(({ url }) => url.slice(-1))).toEqual(['0', '1', '2', '3'])
  })

  it('records method and headers of inits and Requests', async () => {
    const fetch = scriptedFetch([new Response()])
    await fetch(new Request('https://example.com/', { method: 'POST', headers: { a: '1' } }))
    await fetch(new URL('https://example.com/'), { method: 'put', headers: { b: '2' } })
    expect(fetch.calls.map(({ method, headers }) => [method, ...headers])).toEqual([
      ['POST', ['a', '1']],
      ['PUT', ['b', '2']],
    ])
  })

  it.each([[[]], [undefined], [new Response()], [['hung']], [[null]]])('refuses %o for answers', (answers) => {
    expect(() => scriptedFetch(answers as never)).toThrow(/answers.*at least one answer/)
  })

  it('throws errors of the script', async () => {
    const failure = new TypeError('fetch failed')
    await expect(scriptedFetch([failure])('https://example.com/')).rejects.toBe(failure)
  })

  it('rejects with the reason of the signal, also while it hangs', async () => {
    const controller = new AbortController()
    const call = scriptedFetch(['hang'])('https://example.com/', { signal: controller.signal })
    controller.abort('stop')
    await expect(call).rejects.toBe('stop')
    const { signal } = controller
    await expect(scriptedFetch([new Response()])('https://example.com/', { signal })).rejects.toBe('stop')
  })
})
