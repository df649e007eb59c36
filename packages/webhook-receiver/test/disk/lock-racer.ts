/** Takes a lock again and again and writes down when it had it. Arguments: the lock, the file for what is written, how often. */
import { openSync, writeSync } from 'node:fs'
import { LockHeldError } from '../../src/disk/file-system.ts'
import { lockWithSqlite } from '../../src/disk/sqlite-lock.ts'

const [path = '', log = '', count = '0'] = process.argv.slice(2)
const file = openSync(log, 'a')
for (let taken = 0; taken < Number(count); ) {
  try {
    const lock = await lockWithSqlite(path)
    // One write each: lines of several processes never mix.
    writeSync(file, `${process.pid} has\n`)
    await new Promise((resolve) => setImmediate(resolve))
    writeSync(file, `${process.pid} gives\n`)
    await lock.release()
    taken++
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw error
  }
  await new Promise((resolve) => setImmediate(resolve))
}
