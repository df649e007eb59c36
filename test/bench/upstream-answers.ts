/** The document that the upstream answers with. */
export const answerBody: string = JSON.stringify({
  id: 1296269,
  name: 'hello-world',
  private: false,
  description: 'x'.repeat(200),
})

/** `plain` tells nothing; `github` tells the state of a rate limit, as most providers do. */
export type Answer = 'plain' | 'github'

/** The headers of the answers, besides those that `node:http` adds. */
export const answerHeaders: Readonly<Record<Answer, Readonly<Record<string, string>>>> = {
  plain: { 'content-type': 'application/json' },
  // What api.github.com sends with a repository.
  github: {
    'access-control-allow-origin': '*',
    'access-control-expose-headers':
      'ETag, Link, Location, Retry-After, X-GitHub-OTP, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, X-RateLimit-Resource, X-RateLimit-Reset, X-OAuth-Scopes, X-Accepted-OAuth-Scopes, X-Poll-Interval, X-GitHub-Media-Type, Deprecation, Sunset',
    'cache-control': 'private, max-age=60, s-maxage=60',
    'content-security-policy': "default-src 'none'",
    'content-type': 'application/json; charset=utf-8',
    etag: 'W/"f1f8a14cc0e2ab2cb5ee9f7f3cd1ff46c24ff0f3a8c2ed0a4a2a0a7a1a5b3c2d"',
    'last-modified': 'Tue, 04 Aug 2026 09:12:31 GMT',
    'referrer-policy': 'origin-when-cross-origin, strict-origin-when-cross-origin',
    server: 'github.com',
    'strict-transport-security': 'max-age=31536000; includeSubdomains; preload',
    vary: 'Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With',
    'x-accepted-oauth-scopes': 'repo',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'deny',
    'x-github-api-version-selected': '2022-11-28',
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': 'C0DE:1A2B3:4C5D6E:7F8A9B:68D0F1A2',
    'x-oauth-scopes': 'repo, user',
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '4987',
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 3_000),
    'x-ratelimit-resource': 'core',
    'x-ratelimit-used': '13',
    'x-xss-protection': '0',
  },
}
