/** The upstream of the outbound sections: answers every request with a small JSON document. */
import { createServer } from 'node:http'

const ANSWER = JSON.stringify({ id: 1296269, name: 'hello-world', private: false, description: 'x'.repeat(200) })

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
  response.end(ANSWER)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))
