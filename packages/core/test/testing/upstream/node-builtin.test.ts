import { afterEach, expect, it, vi } from 'vitest'
import { flakyUpstream } from '../../../src/testing/index.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

it('says what is missing where there are no modules of Node.js', async () => {
  vi.stubGlobal('process', undefined)
  await expect(flakyUpstream()).rejects.toThrow('A flaky upstream needs node:http')
})
