import { BufferError } from '../buffer/buffer-error.ts'
import { errorCodeOf } from './file-io.ts'

const forbidden = 'the user of this process may not make it or write there'

/** What codes of the system mean for a directory. */
const causes: Readonly<Record<string, string>> = {
  EEXIST: 'EEXIST: it is a file',
  ENOTDIR: 'ENOTDIR: a part of its path is a file',
  EROFS: 'EROFS: its file system is read-only',
  ENOENT: 'ENOENT: nothing can be made there',
  EACCES: `EACCES: ${forbidden}`,
  EPERM: `EPERM: ${forbidden}`,
  ERR_SQLITE_ERROR: 'its LOCK.db cannot be opened: may the user of this process write there?',
}

/** `buffer_unusable` for a directory, or a file in it, with why in its message: what it is, and what the system says of it. */
export function unusableDirectory(directory: string, error: unknown): BufferError {
  const code = errorCodeOf(error)
  const why =
    error instanceof Error && code === undefined ? error.message : (causes[code ?? ''] ?? code ?? 'unknown error')
  return new BufferError('buffer_unusable', `${directory} cannot be opened as a buffer (${why}).`, { cause: error })
}
