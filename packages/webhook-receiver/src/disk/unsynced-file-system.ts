import type { FileSystem, OpenFile } from './file-system.ts'

/** A file system in which nothing is synced. What is written survives the process, as the kernel has it, and no more. */
export function unsyncedFileSystem(fileSystem: FileSystem): FileSystem {
  return {
    open: async (path, mode) => unsynced(await fileSystem.open(path, mode)),
    list: (directory) => fileSystem.list(directory),
    makeDirectory: (path) => fileSystem.makeDirectory(path),
    syncDirectory: async () => {},
    remove: (path) => fileSystem.remove(path),
    rename: (from, to) => fileSystem.rename(from, to),
    identify: (directory) => fileSystem.identify(directory),
    volume: (directory) => fileSystem.volume(directory),
    lock: (path) => fileSystem.lock(path),
  }
}

function unsynced(file: OpenFile): OpenFile {
  return {
    size: () => file.size(),
    read: (target, position) => file.read(target, position),
    write: (chunks, position) => file.write(chunks, position),
    truncate: (length) => file.truncate(length),
    datasync: async () => {},
    close: () => file.close(),
  }
}
