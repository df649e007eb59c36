import { type FlakyUpstream, flakyUpstream, type UpstreamStep } from '@holdfast/core/testing'
import { onTestFinished } from 'vitest'

/** A real HTTP server that does the steps in order and repeats the last one. It is closed when the test ends. */
export async function scriptedServer(...steps: readonly [UpstreamStep, ...UpstreamStep[]]): Promise<FlakyUpstream> {
  const upstream = await flakyUpstream()
  onTestFinished(() => upstream.close())
  return upstream.on('/**', steps)
}
