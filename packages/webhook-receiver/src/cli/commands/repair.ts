import { FindingError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { changeDirectory, inspectDirectory } from '../open-directory.ts'
import { bytes, count, writeJson } from '../output.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

/** `holdfast repair DIRECTORY` */
export const repair: Command = {
  name: 'repair',
  summary:
    'Opens a buffer as an application would: cuts off an unfinished write, sets damaged parts aside, counts what is lost. No application may have it open.',
  positionals: ['DIRECTORY'],
  options: {
    'dry-run': { kind: 'flag', help: 'Only say what would be done. Works while an application has it open.' },
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object.' },
  },
  examples: ['holdfast repair ./data/inbox --dry-run'],
  async run(args, io) {
    const [directory = ''] = args.positionals
    const isDry = args.flag('dry-run')
    const keys = await keysOf(args, io)
    await using opened = await (isDry ? inspectDirectory(directory, keys) : changeDirectory(directory, keys))
    const { report } = opened
    const { lost } = await opened.buffer.stats()
    if (args.flag('json')) await writeJson(io, { dryRun: isDry, ...report, lost })
    else {
      const done = isDry ? 'would be cut off' : 'were cut off and set aside'
      await io.stdout.write(
        report.tornBytes === 0 && report.holes.length === 0
          ? 'nothing to repair\n'
          : `${bytes(report.tornBytes)} of an unfinished write ${done}\n`,
      )
      for (const hole of report.holes)
        await io.stdout.write(`newly found: ${count(hole.lost)} events lost, ${hole.from} to ${hole.to}\n`)
    }
    if (isDry && report.holes.length > 0) throw new FindingError(`${count(lost)} events are lost.`)
  },
}
