import { expect, it } from 'vitest'
import { gatewayFixture } from './gateway-fixture.ts'

const refused = Object.assign(new TypeError('fetch failed'), {
  cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
})

const silent = ({ signal }: Request): Promise<Response> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

it.each([
  ['the status', () => new Response(null, { status: 404 }), { status: 404 }, 'answered with 404'],
  ['the code of the error', () => Promise.reject(refused), undefined, 'ECONNREFUSED'],
  ['the time limit', silent, undefined, 'within 500 ms'],
])('tells %s when a probe fails, in an event and in the snapshot', async (_, probe, upstream, message) => {
  const { gateway, target, clock, heard, quiet } = await gatewayFixture()
  expect(gateway.snapshot()).toMatchObject({ healthy: true, probeError: undefined })
  target.probe = probe
  await clock.advance(1_500)
  await quiet()
  expect(heard.of('gateway:probe-failed')).toMatchObject([{ error: gateway.snapshot().probeError }])
  const told = gateway.snapshot().probeError
  expect(told?.upstream).toEqual(upstream)
  expect(told?.message).toContain(message)
  target.probe = undefined
  await clock.advance(1_500)
  await quiet()
  expect(gateway.snapshot().probeError).toBeUndefined()
})
