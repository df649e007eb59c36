import { flakyUpstream, type FlakyUpstreamOptions, type UpstreamStep } from '@holdfast/core/testing'
import { onTestFinished } from 'vitest'

/** Starts a server that does the same to every request. It is closed when the test ends. */
export async function failingServer(step: UpstreamStep, options?: FlakyUpstreamOptions): Promise<string> {
  const upstream = await flakyUpstream(options)
  onTestFinished(() => upstream.close())
  return upstream.on('/**', step).url
}

/** A URL on which nobody listens. */
export async function refusedUrl(): Promise<string> {
  const upstream = await flakyUpstream()
  await upstream.stop()
  return upstream.url
}

/** Answers as an API does. */
export function answering(status: number, headers: Readonly<Record<string, string>>, body: string): UpstreamStep {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body }
}
