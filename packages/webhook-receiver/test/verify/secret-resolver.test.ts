import { describe, expect, test } from 'vitest'
import { defaultResolvedSecrets, resolvedSecretsOf, type SecretsOption } from '../../src/verify/secret-resolver.ts'

const resolve = () => ['secret']

describe('resolvedSecretsOf', () => {
  test('is none for a list, and for nothing', () => {
    expect(resolvedSecretsOf('secrets', ['a'])).toBeUndefined()
    expect(resolvedSecretsOf('secrets', undefined)).toBeUndefined()
  })

  test('is a function with the defaults', () => {
    expect(resolvedSecretsOf('secrets', resolve)).toEqual({ ...defaultResolvedSecrets, resolve })
  })

  test('is what the application says, with the defaults of the rest', () => {
    expect(resolvedSecretsOf('secrets', { resolve, ttlMs: 0, maxTenants: 1 })).toEqual({
      ...defaultResolvedSecrets,
      resolve,
      ttlMs: 0,
      maxTenants: 1,
    })
  })

  test.each<[unknown, RegExp]>([
    ['a secret', /secrets/],
    [7, /secrets/],
    [{}, /secrets\.resolve/],
    [{ resolve: 'x' }, /secrets\.resolve/],
    [{ resolve, ttlMs: -1 }, /secrets\.ttlMs/],
    [{ resolve, maxTenants: 0 }, /secrets\.maxTenants/],
    [{ resolve, timeoutMs: 0 }, /secrets\.timeoutMs/],
    [{ resolve, tenantOf: 'x' }, /secrets\.tenantOf/],
    [{ resolve, ttl: 1 }, /secrets.*ttl/],
  ])('refuses %j by its path', (secrets, path) => {
    expect(() => resolvedSecretsOf('secrets', secrets as SecretsOption)).toThrow(path)
  })

  test('never shows what was given in the place of a function', () => {
    expect(() => resolvedSecretsOf('secrets', 'hush' as unknown as SecretsOption)).toThrow(/^(?!.*hush)/s)
  })
})
