/** The upstream of the loopback sections: answers every request with a small JSON document. Argument: which headers. */
import { createServer } from 'node:http'
import { type Answer, answerBody, answerHeaders } from './upstream-answers.ts'

const headers = { ...answerHeaders[process.argv[2] as Answer], 'content-length': answerBody.length }

const server = createServer((_request, response) => {
  response.writeHead(200, headers).end(answerBody)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))
