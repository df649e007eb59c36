import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { mountImage, type SmallDisk, unmount } from '../small-disk.ts'
import type { Disturbance } from './play-ledger.ts'

/**
 * Cuts the power of a disk in a file. The process is stopped, so that it syncs no more; the file is copied: what the kernel has written through is in it, what
 * is in its caches only is not. Then the process is killed, and the copy takes the disk's place, as after a reboot, with its journal replayed.
 */
export function cutPower({ path, image }: SmallDisk): Disturbance {
  return async (child: ChildProcess) => {
    if (image === undefined) throw new Error('A tmpfs has no disk whose power could be cut.')
    child.kill('SIGSTOP')
    while (!isStopped(child.pid)) await sleep(1)
    copyFileSync(image, `${image}.cut`)
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    unmount(path)
    renameSync(`${image}.cut`, image)
    const problem = mountImage(image, path)
    if (problem !== undefined) throw new Error(problem)
  }
}

/** Whether every thread of a process has stopped. */
function isStopped(pid: number | undefined): boolean {
  return /\) [TZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
