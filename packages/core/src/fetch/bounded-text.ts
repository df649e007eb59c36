const MAX_BYTES = 65_536

/**
 * The text of a body of at most 64 KiB; `undefined` when it is larger. The rest of what is too large is given up, and so is
 * what has not come when `patience` aborts: then the text is what came so far.
 */
export async function readBoundedText(
  body: ReadableStream<Uint8Array>,
  patience?: AbortSignal,
): Promise<string | undefined> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  // One branch of a clone is cancelled for good only together with the other one, so nobody waits for it.
  const giveUp = (): void => void reader.cancel().catch(() => {})
  patience?.addEventListener('abort', giveUp, { once: true })
  try {
    let text = ''
    let bytes = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      bytes += value.byteLength
      if (bytes > MAX_BYTES) {
        giveUp()
        return undefined
      }
      text += decoder.decode(value, { stream: true })
    }
  } finally {
    patience?.removeEventListener('abort', giveUp)
  }
}
