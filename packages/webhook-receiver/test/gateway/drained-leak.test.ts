import { expect, it } from 'vitest'
import { gatewayFixture } from './gateway-fixture.ts'

it('leaves no listener behind where nobody waits any more for it to be drained', async () => {
  const { gateway, post } = await gatewayFixture()
  gateway.hold()
  await post('a-1')
  let listeners = 0
  const add = AbortSignal.prototype.addEventListener
  const remove = AbortSignal.prototype.removeEventListener
  AbortSignal.prototype.addEventListener = function (...args: Parameters<typeof add>) {
    listeners += 1
    add.apply(this, args)
  }
  AbortSignal.prototype.removeEventListener = function (...args: Parameters<typeof remove>) {
    listeners -= 1
    remove.apply(this, args)
  }
  try {
    for (let call = 0; call < 20; call++) {
      const giveUp = new AbortController()
      const drained = gateway.drained({ signal: giveUp.signal })
      giveUp.abort(new Error('enough'))
      await expect(drained).rejects.toThrow('enough')
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(listeners).toBe(0)
  } finally {
    AbortSignal.prototype.addEventListener = add
    AbortSignal.prototype.removeEventListener = remove
  }
  await gateway.stop()
})
