/** Says how many bytes each subject keeps per key. Argument: the number of keys. Needs `--expose-gc`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type MemorySubject, memorySubjects } from './memory-subjects.ts'

const keys = Number(process.argv[2])
// Nothing that was measured goes away while something else is.
const alive: unknown[] = []
const bytesPerKey: Record<string, number> = {}
for (const subject of memorySubjects) bytesPerKey[subject.name] = await measure(subject)
process.send?.(bytesPerKey)
process.disconnect?.()
// Some keep timers.
process.exit(0)

async function measure({ create }: MemorySubject): Promise<number> {
  // What is made once, compiled code above all, is there before the first look.
  await create(Math.min(keys, 1_000))
  const before = await retainedBytes()
  const kept = await create(keys)
  const after = await retainedBytes()
  alive.push(kept)
  return (after - before) / keys
}

/** Buffers lie outside the heap, and are no smaller for it. */
async function retainedBytes(): Promise<number> {
  for (let pass = 0; pass < 3; pass += 1) {
    await sleep(5)
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
