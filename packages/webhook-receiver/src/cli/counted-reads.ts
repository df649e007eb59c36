import type { FileSystem } from '../disk/file-system.ts'

/** A file system that tells how many bytes are read from files, as they are read. */
export function countedReads(base: FileSystem, onRead: (bytes: number) => void): FileSystem {
  return {
    ...base,
    async open(path, mode) {
      const file = await base.open(path, mode)
      return {
        size: () => file.size(),
        async read(target, position) {
          const bytes = await file.read(target, position)
          onRead(bytes)
          return bytes
        },
        write: (chunks, position) => file.write(chunks, position),
        truncate: (length) => file.truncate(length),
        datasync: () => file.datasync(),
        close: () => file.close(),
      }
    },
  }
}
