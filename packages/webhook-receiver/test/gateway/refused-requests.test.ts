import { expect, it } from 'vitest'
import { gatewayFixture, textOf } from './gateway-fixture.ts'

it.each([
  [
    'with two Host headers',
    {
      method: 'POST',
      url: '/',
      headers: [
        ['Host', 'a'],
        ['host', 'a'],
      ],
    },
  ],
  ['other than OPTIONS for *', { method: 'POST', url: '*', headers: [['host', 'a']] }],
] as const)('answers 400 to a request %s, and sends and stores nothing', async (_, request) => {
  const { gateway, target, heard } = await gatewayFixture()
  const reply = await gateway.accept({ ...request, body: null })
  expect(reply.status).toBe(400)
  expect(JSON.parse(await textOf(reply.body))).toMatchObject({ code: 'invalid_request', reason: 'malformed' })
  expect(target.sent).toEqual([])
  expect(gateway.snapshot()).toMatchObject({ forwarded: 0, captured: 0, refused: 1 })
  expect(heard.of('gateway:refused')).toMatchObject([{ status: 400 }])
})

it('answers OPTIONS * itself where fetch, which cannot send it, is the transport', async () => {
  const { gateway, target } = await gatewayFixture()
  expect(await gateway.accept({ method: 'OPTIONS', url: '*', headers: [], body: null })).toMatchObject({ status: 204 })
  expect(target.sent).toEqual([])
})
