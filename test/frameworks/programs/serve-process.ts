// Bun and Deno: serves an adapter and prints the port. Ends when it is killed.
import { fetchHandler } from './fetch-handler.ts'

interface Bun {
  serve(options: object): { readonly port: number }
}

interface Deno {
  serve(options: object, handler: unknown): unknown
}

const { Bun, Deno } = globalThis as { readonly Bun?: Bun; readonly Deno?: Deno }
const [, , adapter = '', receiverUrl = ''] = process.argv
const fetch = fetchHandler(adapter, receiverUrl)
const print = (port: number): void => console.log(`listening on ${port}`)

if (Bun) print(Bun.serve({ fetch, hostname: '127.0.0.1', port: 0 }).port)
else Deno?.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }: { port: number }) => print(port) }, fetch)
