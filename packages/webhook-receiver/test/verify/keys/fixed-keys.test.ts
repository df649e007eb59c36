import { describe, expect, test } from 'vitest'
import { fixedKeys } from '../../../src/verify/keys/fixed-keys.ts'

describe('fixedKeys', () => {
  const request = { connector: 'acme', url: 'https://keys.example/a', method: 'GET', authorized: false } as const
  const keys = fixedKeys({ 'https://keys.example/a': 'of the URL', '7': 'of the id' })

  test('answers with the document of the key id, else with that of the URL', async () => {
    expect(await keys.fetchKey({ ...request, keyId: '7' })).toEqual({ text: 'of the id' })
    expect(await keys.fetchKey({ ...request, keyId: '8' })).toEqual({ text: 'of the URL' })
    expect(await keys.fetchKey(request)).toEqual({ text: 'of the URL' })
  })

  test('has nothing that it was not given', async () => {
    expect(await keys.fetchKey({ ...request, url: 'https://keys.example/b', keyId: 'toString' })).toBeUndefined()
  })
})
