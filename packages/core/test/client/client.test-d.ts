// Compiled by tsc; nothing runs.
import { expectTypeOf } from 'vitest'
import { type Client, createClient, type ResponsePromise, type StandardSchema } from '../../src/client/index.ts'
import type { Connector, ResilientFetch } from '../../src/index.ts'

declare const connector: Connector
declare const userSchema: StandardSchema<{ readonly id: number }>

const client = createClient({ baseUrl: 'https://api.example.com' })
expectTypeOf(client).toEqualTypeOf<Client>()
expectTypeOf(client.fetch).toEqualTypeOf<ResilientFetch>()
expectTypeOf(client.get('/x')).toEqualTypeOf<ResponsePromise>()
expectTypeOf(client.get('/x').json()).resolves.toBeUnknown()
expectTypeOf(client.get('/x').json<{ a: 1 }>()).resolves.toEqualTypeOf<{ a: 1 }>()
expectTypeOf(client.get('/x').json(userSchema)).resolves.toEqualTypeOf<{ readonly id: number }>()
expectTypeOf(client.get('/x').text()).resolves.toBeString()
expectTypeOf(client.paginate('/x')).toEqualTypeOf<AsyncGenerator<unknown, void, undefined>>()
expectTypeOf(client.paginate<string>('/x')).toEqualTypeOf<AsyncGenerator<string, void, undefined>>()
expectTypeOf(client.paginate('/x', { schema: userSchema })).toEqualTypeOf<
  AsyncGenerator<{ readonly id: number }, void, undefined>
>()

// @ts-expect-error The method follows from the name.
void client.get('/x', { method: 'POST' })
// @ts-expect-error A Request's body could be sent once only.
void client.get(new Request('https://api.example.com'))
// @ts-expect-error An answer instead of an error is for clients that know only statuses.
createClient({ refusals: 'response' })
// @ts-expect-error ky's own retries are off.
void client.get('/x', { retry: 3 })

// The endpoints of a literal connector are known by name and parameters.
const typed = createClient({
  connector: {
    id: 'acme',
    name: 'Acme',
    sources: [],
    endpoints: {
      'things.get': { method: 'GET', path: '/tenants/{tenant}/things/{id}' },
      'things.list': { method: 'GET', path: '/things', paginate: { kind: 'link' } },
    },
  },
})
expectTypeOf(typed.endpoint('things.get', { params: { tenant: 'a', id: 1 } })).toEqualTypeOf<ResponsePromise>()
expectTypeOf(typed.endpoint('things.list')).toEqualTypeOf<ResponsePromise>()
expectTypeOf(typed.paginateEndpoint('things.list', { schema: userSchema })).toEqualTypeOf<
  AsyncGenerator<{ readonly id: number }, void, undefined>
>()
expectTypeOf(typed.endpoint).parameter(0).toEqualTypeOf<'things.get' | 'things.list'>()
// @ts-expect-error There is no endpoint of this name.
void typed.endpoint('things.delete')
// @ts-expect-error The path has parameters.
void typed.endpoint('things.get')
// @ts-expect-error A parameter is missing.
void typed.endpoint('things.get', { params: { tenant: 'a' } })
// @ts-expect-error The path has no such parameter.
void typed.endpoint('things.get', { params: { tenant: 'a', id: 1, other: 2 } })
// @ts-expect-error The path has no parameters.
void typed.endpoint('things.list', { params: { id: 1 } })
// @ts-expect-error The endpoint knows its method.
void typed.endpoint('things.list', { method: 'POST' })

// Those of any other are any text.
const untyped = createClient({ connector })
void untyped.endpoint('whatever', { params: { id: 1 } })
void untyped.endpoint('whatever')
void untyped.paginateEndpoint('whatever')

// A client of a provider can be passed on where any client is taken.
expectTypeOf(typed).toExtend<Client>()
expectTypeOf(untyped).toEqualTypeOf<Client>()
