// Runs as a thread of its own: opens the buffer in the given directory with shards, stores one event of the given number, and stays.
import { parentPort } from 'node:worker_threads'
import { diskBuffer } from '../../../src/disk/index.ts'
import { numberedEvent } from '../sample-buffer.ts'

const [directory = '', number = '0'] = process.argv.slice(2)
const buffer = diskBuffer({ directory, shards: 'auto' })
await buffer.open()
parentPort?.postMessage(await buffer.append([numberedEvent(Number(number))]))
await new Promise(() => setInterval(() => undefined, 1000))
