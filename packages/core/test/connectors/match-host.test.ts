import { describe, expect, it } from 'vitest'
import { matchesHost } from '../../src/connectors/match-host.ts'

describe('matchesHost', () => {
  it.each([
    ['api.example.com', true],
    ['a.eu.example.com', true],
    ['a.b.eu.example.com', true],
    ['localhost:8080', true],
    ['eu.example.com', false],
    ['.eu.example.com', false],
    ['evil-eu.example.com', false],
    ['api.example.com.evil.example', false],
    ['api.example.com:8443', false],
    ['localhost', false],
    ['', false],
  ])('says of %o: %o', (host, expected) => {
    expect(matchesHost(host, ['api.example.com', '*.eu.example.com', 'localhost:8080'])).toBe(expected)
  })
})
