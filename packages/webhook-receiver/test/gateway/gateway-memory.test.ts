import { expect, it } from 'vitest'
import { gatewayFixture } from './gateway-fixture.ts'

const MIB = 1024 * 1024

it('takes no more than its memory, also of bodies that nobody has told the length of', async () => {
  const { gateway, quiet } = await gatewayFixture({ maxInFlightBytes: 4.5 * MIB, maxBodyBytes: 3 * MIB })
  /** A sender that is slow with the end of its body of 2 MiB. */
  async function* body(): AsyncGenerator<Uint8Array> {
    const chunk = new Uint8Array(2 * MIB)
    yield chunk
    await new Promise(() => {})
  }
  const statuses: number[] = []
  for (let sender = 0; sender < 20; sender++)
    void gateway
      .accept({ method: 'POST', url: '/hooks', headers: [['transfer-encoding', 'chunked']], body: body() })
      .then(({ status }) => statuses.push(status))
  await quiet()
  expect(statuses.length).toBeGreaterThanOrEqual(18)
  expect([...new Set(statuses)]).toEqual([503])
})
