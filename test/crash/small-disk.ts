import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system that is small enough to be filled. */
export type SmallDiskKind = 'tmpfs' | 'ext4'

export interface SmallDisk extends Disposable {
  /** Where it is mounted. */
  readonly path: string
  /** The file that it is in; absent for tmpfs. */
  readonly image: string | undefined
}

/** Mounts an empty disk. A string says why it cannot: mounting takes root, and ext4 a loop device and `mkfs.ext4`. */
export function smallDisk(kind: SmallDiskKind, mebibytes: number): SmallDisk | string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
  const path = join(directory, 'mounted')
  const image = kind === 'ext4' ? join(directory, 'image') : undefined
  mkdirSync(path)
  const problem = mountNew(path, image, mebibytes)
  if (problem === undefined)
    return {
      path,
      image,
      [Symbol.dispose]() {
        unmount(path)
        rmSync(directory, { recursive: true, force: true })
      },
    }
  rmSync(directory, { recursive: true, force: true })
  return problem
}

/** Mounts the image of an ext4, whose journal is replayed by that. */
export function mountImage(image: string, path: string): string | undefined {
  mkdirSync(path, { recursive: true })
  return problemOf('mount', ['-o', 'loop', image, path])
}

export function unmount(path: string): void {
  const problem = problemOf('umount', [path])
  if (problem !== undefined) throw new Error(problem)
}

function mountNew(path: string, image: string | undefined, mebibytes: number): string | undefined {
  if (process.platform !== 'linux') return 'only Linux is known here'
  if (image === undefined) return problemOf('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path])
  const file = openSync(image, 'wx')
  ftruncateSync(file, mebibytes * 1024 * 1024)
  closeSync(file)
  return problemOf('mkfs.ext4', ['-q', '-O', 'has_journal', '-m', '0', image]) ?? mountImage(image, path)
}

function problemOf(command: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (error !== undefined) return `${command}: ${error.message}`
  return status === 0 ? undefined : `${command}: ${stderr.trim()}`
}
