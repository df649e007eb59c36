import { createFetch, explain, integrationErrorOf } from '@holdfast/core'

const fetch = createFetch({ connection: 'acme', deadlineMs: 30_000 })
fetch.on('limit:waiting', ({ waitMs }) => console.log(`limited: going on in ${waitMs} ms`))
fetch.on('retry:scheduled', ({ attempt, delayMs }) => console.log(`attempt ${attempt} in ${delayMs} ms`))

const response = await fetch(`${process.env.API_URL ?? 'https://api.github.com'}/zen`)
console.log(response.status, await response.text())
console.log(explain(response))

const failure = integrationErrorOf(response)
if (failure) console.error(failure.code, failure.fault, failure.retryable)
