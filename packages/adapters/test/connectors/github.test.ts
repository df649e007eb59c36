import { expect, test } from 'vitest'
import github from '../../src/connectors/github.ts'

type Paths = { readonly [Name in keyof typeof github.endpoints]: (typeof github.endpoints)[Name]['path'] }

test('the types of the endpoints are those of the manifest', () => {
  const typed: Paths = {
    'repos.get': '/repos/{owner}/{repo}',
    'issues.list': '/repos/{owner}/{repo}/issues',
    'hooks.deliveries': '/repos/{owner}/{repo}/hooks/{hook_id}/deliveries',
  }
  const paths = Object.entries(github.endpoints).map(([name, { path }]) => [name, path])
  expect(Object.fromEntries(paths)).toEqual(typed)
})
