import type { FetchedKey } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pinnedKeyUrl } from '../../../src/verify/keys/pinned-key-url.ts'

const sns: FetchedKey = {
  from: 'url',
  url: { from: 'body', pointer: '/SigningCertURL' },
  kind: 'x509',
  hosts: ['sns.*.amazonaws.com', 'sns.*.amazonaws.com.cn'],
  path: '/SimpleNotificationService-*.pem',
}
const right = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem'

describe('pinnedKeyUrl', () => {
  test.each([
    right,
    'https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123abcd.pem',
    'https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-x.pem',
  ])('allows %s', (url) => {
    expect(pinnedKeyUrl(url, sns)).toBe(url)
  })

  test.each([
    ['http', right.replace('https', 'http')],
    ['another scheme', right.replace('https', 'ftp')],
    ['another host', right.replace('amazonaws', 'example')],
    ['a host that goes on', right.replace('.com/', '.com.evil.example/')],
    ['a host before it', right.replace('https://', 'https://evil.example/')],
    ['two labels for one', right.replace('us-east-1', 'us-east-1.evil')],
    ['no label', right.replace('us-east-1.', '')],
    ['an empty label', right.replace('us-east-1', '')],
    ['credentials', right.replace('https://', 'https://evil.example@')],
    ['a password', right.replace('https://', 'https://a:b@')],
    ['a backslash', right.replace('.com/', '.com\\evil.example/')],
    ['a port', right.replace('.com/', '.com:8443/')],
    ['a query', `${right}?a=b`],
    ['a fragment', `${right}#a`],
    ['another path', right.replace('SimpleNotificationService', 'bucket/SimpleNotificationService')],
    ['a path that goes up', right.replace('.com/', '.com/SimpleNotificationService-/../../')],
    ['a deeper path', right.replace('-0123abcd', '-a/b')],
    ['another ending', right.replace('.pem', '.pem.exe')],
    ['a blank', `${right} `],
    ['a line break', `${right}\n`],
    ['a tab in the host', right.replace('amazonaws', 'amazon\taws')],
    ['a host in another alphabet', right.replace('amazonaws', 'аmazonaws')],
    ['an IP address', right.replace('sns.us-east-1.amazonaws.com', '169.254.169.254')],
    ['no URL', 'SimpleNotificationService-0123abcd.pem'],
    ['nothing', ''],
    ['a very long one', right.replace('0123abcd', 'a'.repeat(600))],
  ])('refuses %s', (_title, url) => {
    expect(pinnedKeyUrl(url, sns)).toBeUndefined()
  })

  test('reads an upper-case host as the URL standard does', () => {
    expect(pinnedKeyUrl(right.replace('amazonaws', 'AMAZONAWS'), sns)).toBe(right)
  })

  test('allows no host where the connector names none', () => {
    expect(pinnedKeyUrl(right, { from: 'url', kind: 'x509' })).toBeUndefined()
  })

  test('allows any depth for `**`', () => {
    const source: FetchedKey = { from: 'url', kind: 'x509', hosts: ['api.example.com'], path: '/v1/certs/**' }
    expect(pinnedKeyUrl('https://api.example.com/v1/certs/a/b', source)).toBeTypeOf('string')
    expect(pinnedKeyUrl('https://api.example.com/v2/certs/a', source)).toBeUndefined()
  })

  test('leads to the host that a URL parser sees, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'https://',
            'sns.',
            'a',
            '.amazonaws.com',
            '/',
            '@',
            ':',
            '\\',
            '%2e',
            '..',
            '#',
            '?',
            '.pem',
            '/SimpleNotificationService-',
          ),
          { maxLength: 12 },
        ),
        (pieces) => {
          const url = pinnedKeyUrl(pieces.join(''), sns)
          if (url !== undefined) expect(new URL(url).hostname).toMatch(/^sns\.[a-z0-9-]+\.amazonaws\.com$/)
        },
      ),
      { numRuns: 5_000 },
    )
  })

  describe('with an origin', () => {
    const adobe: FetchedKey = {
      from: 'url',
      url: { from: 'header', name: 'x-key-path' },
      kind: 'pem',
      origin: 'https://keys.example.com',
      path: '/prod/keys/*.pem',
    }

    test('takes the path that a request names', () => {
      expect(pinnedKeyUrl('/prod/keys/a.pem', adobe)).toBe('https://keys.example.com/prod/keys/a.pem')
    })

    test.each([
      '/stage/keys/a.pem',
      'prod/keys/a.pem',
      'https://keys.example.com/prod/keys/a.pem',
      '.evil.example/prod/keys/a.pem',
      '@evil.example/prod/keys/a.pem',
      ':8443/prod/keys/a.pem',
      '//evil.example/prod/keys/a.pem',
      '/prod/keys/../../a.pem',
      '/prod/keys/a.pem?b',
    ])('refuses %s', (named) => {
      expect(pinnedKeyUrl(named, adobe)).toBeUndefined()
    })
  })
})
