import { describe, expect, it } from 'vitest'
import { checkConnector } from '../../src/index.ts'

const rule = {
  id: 'core',
  scope: 'connection',
  remaining: { header: 'x-left' },
  reset: { header: 'x-reset', format: 'delta_s' },
  examples: [
    { answer: { status: 200, headers: { 'x-left': '4', 'x-reset': '5' } }, reads: { remaining: 4, resetMs: 5_000 } },
  ],
}
const check = (...rateLimits: unknown[]) => checkConnector({ id: 'acme', name: 'Acme', sources: [], rateLimits })

describe('rateLimits of a connector', () => {
  it('may be told by answers or declared', () => {
    const declared = {
      id: 'fast',
      scope: 'endpoint',
      paths: ['/api/*'],
      limit: { value: 5 },
      windowMs: { value: 1_000 },
    }
    expect(() => check(rule, declared)).not.toThrow()
  })

  it('may be parted by a segment of the path', () => {
    expect(() => check({ ...rule, paths: ['/v0/{base}/**'] })).not.toThrow()
  })

  it.each([
    ['rateLimits[0].scope', { ...rule, scope: 'planet' }],
    ['rateLimits[0].remaining', { ...rule, remaining: {} }],
    ['rateLimits[0].remaining', { ...rule, remaining: { header: 'x-left', value: 1 } }],
    ['rateLimits[0].remaining.header', { ...rule, remaining: { header: 'X-Left' } }],
    ['rateLimits[0].reset.format', { ...rule, reset: { header: 'x-reset' } }],
    ['rateLimits[0].paths', { ...rule, paths: ['api'] }],
    ['rateLimits[0].paths', { ...rule, paths: ['/v0/{}'] }],
    ['rateLimits[0].exceptPaths', { ...rule, exceptPaths: ['/v0/{base}'] }],
    ['rateLimits[0].when', { ...rule, when: {} }],
    ['rateLimits[0].examples', { ...rule, examples: undefined }],
    ['rateLimits[0].examples', { ...rule, examples: [] }],
    [
      'rateLimits[0].examples[0].reads.remaining',
      { ...rule, examples: [{ ...rule.examples[0], reads: { resetMs: 5_000 } }] },
    ],
    [
      'rateLimits[0].examples[0].reads.resetMs',
      { ...rule, examples: [{ ...rule.examples[0], reads: { remaining: 4 } }] },
    ],
    ['rateLimits[0]', { id: 'core', scope: 'app', limit: { value: 5 } }],
  ])('are refused at connector.%s', (path, wrong) => {
    expect(() => check(wrong)).toThrow(expect.objectContaining({ path: `connector.${path}` }))
  })

  it('have an id each', () => {
    expect(() => check(rule, rule)).toThrow(expect.objectContaining({ path: 'connector.rateLimits[1].id' }))
  })
})
