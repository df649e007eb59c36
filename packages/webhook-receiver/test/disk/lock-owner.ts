// Runs as a process or thread of its own: opens the buffer in the given directory, stores one event, and stays.
import { parentPort } from 'node:worker_threads'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import { diskBuffer } from '../../src/disk/index.ts'
import { numberedEvent } from './sample-buffer.ts'

const { emitWarning } = process
const buffer = diskBuffer({ directory: process.argv[2] ?? '' })
let outcome = 'open'
try {
  await buffer.open()
  await buffer.append([numberedEvent(1)])
  if (process.emitWarning !== emitWarning) outcome = 'process.emitWarning was left replaced'
} catch (error) {
  outcome = error instanceof BufferError ? error.reason : String(error)
}
if (parentPort === null) process.send?.(outcome)
else parentPort.postMessage(outcome)
// Keeps the process alive until it is killed.
await new Promise(() => setInterval(() => undefined, 1000))
