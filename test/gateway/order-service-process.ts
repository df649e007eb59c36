// A service that takes webhooks, as a process of its own. Notes every request that it took, in order, in a file.
//
//   node order-service-process.ts PORT FILE NAME
import { appendFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import process from 'node:process'

const [, , port = '', file = '', name = ''] = process.argv

/** While it is exhausted it answers 503 to everything, as with a pool of connections that is used up. */
let isExhausted = false

function take(body: string, response: ServerResponse): void {
  // Written before it is answered: an answer that gets lost must not hide that it was taken.
  appendFileSync(file, `${body}\n`)
  response.writeHead(200, { 'x-region': name }).end(`taken by ${name}`)
}

/** One of eleven takes long, ms: the next one of its key would overtake it if it were sent meanwhile. */
function durationOf(body: string): number {
  return Number(body.split(' ')[1]) % 11 === 0 ? 40 : 0
}

createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    if (request.url === '/pool') {
      isExhausted = body === 'exhausted'
      response.writeHead(204).end()
    } else if (isExhausted) response.writeHead(503, { 'retry-after': '1' }).end()
    else if (request.url === '/health') response.writeHead(200).end()
    else setTimeout(take, durationOf(body), body, response)
  })
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'))
