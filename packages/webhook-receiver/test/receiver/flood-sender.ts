/** Sends signed webhooks to a port as fast as it can, on many connections, until it is killed. Prints a line with each second's statuses. */
import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'

const [port = '', secret = '', connections = '100'] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const counts: Record<string, number> = {}
let sent = 0

function send(): void {
  const body = Buffer.from(JSON.stringify({ id: `flood-${process.pid}-${sent++}`, pad: 'x'.repeat(900) }))
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const outgoing = request(
    {
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/',
      agent,
      headers: { 'x-signature': signature, 'content-length': body.length },
    },
    (response) => {
      const status = String(response.statusCode)
      counts[status] = (counts[status] ?? 0) + 1
      response.resume()
      response.on('end', send)
    },
  )
  outgoing.on('error', () => setImmediate(send))
  outgoing.end(body)
}

for (let connection = 0; connection < Number(connections); connection++) send()
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 100)
