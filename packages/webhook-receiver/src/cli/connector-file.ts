import { readFile } from 'node:fs/promises'
import { UsageError } from './cli-io.ts'

/**
 * Reads a connector from a file.
 *
 * @throws UsageError when there is no such file, or it is not JSON. What it holds is not checked.
 */
export async function readConnectorFile(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as { readonly code?: unknown }).code === 'ENOENT') throw new UsageError(`There is no file ${file}.`)
    throw error
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
