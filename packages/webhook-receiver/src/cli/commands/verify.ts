import type { Hole } from '../../buffer/event-buffer.ts'
import { FindingError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { inspectDirectory } from '../open-directory.ts'
import { bytes, counted, duration, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { readEntries } from '../read-events.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

/** `holdfast verify DIRECTORY` */
export const verify: Command = {
  name: 'verify',
  summary: 'Reads every event of a buffer and checks its checksums. Exits 1 when something is lost.',
  positionals: ['DIRECTORY'],
  options: { ...keysOption, json: { kind: 'flag', help: 'One JSON object.' } },
  examples: ['holdfast verify ./data/inbox && echo intact'],
  async run(args, io) {
    const startedMs = io.clock.monotonicMs()
    await using opened = await inspectDirectory(args.positionals[0] ?? '', await keysOf(args, io))
    const { events: expected } = await opened.buffer.stats()
    const progress = startProgress(io, 'checking', expected)
    let events = 0
    let bodyBytes = 0
    const holes: Hole[] = []
    for await (const entry of readEntries(opened.buffer, { from: -Infinity, signal: io.signal })) {
      await progress.add(1)
      if (entry.kind === 'hole') holes.push(entry.hole)
      else {
        events++
        bodyBytes += entry.event.body.length
      }
    }
    await progress.end()
    const durationMs = io.clock.monotonicMs() - startedMs
    const { tornBytes } = opened.report
    if (args.flag('json')) await writeJson(io, { events, bodyBytes, holes, tornBytes, durationMs })
    else {
      await io.stdout.write(
        `${counted(events, 'event')}, ${bytes(bodyBytes)} of bodies, checked in ${duration(durationMs)}\n`,
      )
      if (tornBytes > 0)
        await io.stdout.write(`${bytes(tornBytes)} of an unfinished last write, which was never acknowledged\n`)
      for (const hole of holes)
        await io.stdout.write(`lost: ${counted(hole.lost, 'event')}, ${hole.from} to ${hole.to}\n`)
    }
    const lost = holes.reduce((sum, hole) => sum + hole.lost, 0)
    if (lost > 0) throw new FindingError(`${counted(lost, 'event')} ${lost === 1 ? 'is' : 'are'} lost.`)
  },
}
