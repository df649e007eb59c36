/** Says how many bytes a subject keeps per key. Arguments: its name and the number of keys. Needs `--expose-gc`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { memorySubjects } from './memory-subjects.ts'

const [name, keysText = ''] = process.argv.slice(2)
const keys = Number(keysText)
const subject = memorySubjects.find((candidate) => candidate.name === name)
if (subject === undefined) throw new Error(`there is no subject ${name}`)

// What is made once, compiled code above all, is there before the first look.
const warmedUp = await subject.create(Math.min(keys, 1_000))
const before = await retainedBytes()
const kept = await subject.create(keys)
const after = await retainedBytes()
process.send?.({ bytesPerKey: (after - before) / keys, isAlive: warmedUp !== kept })
process.disconnect?.()
// Some keep timers.
process.exit(0)

/** Buffers lie outside the heap, and are no smaller for it. */
async function retainedBytes(): Promise<number> {
  for (let pass = 0; pass < 3; pass += 1) {
    await sleep(5)
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
