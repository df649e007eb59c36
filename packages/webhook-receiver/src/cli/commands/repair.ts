import type { OpenReport } from '../../buffer/event-buffer.ts'
import type { RecoveryMode } from '../../disk/recovery-mode.ts'
import { nodeFileSystem } from '../../disk/node-file-system.ts'
import { FindingError, UsageError } from '../cli-io.ts'
import type { CliArguments, Command } from '../command.ts'
import { countedReads } from '../counted-reads.ts'
import { changeDirectory, inspectDirectory } from '../open-directory.ts'
import { bytes, counted, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

const modes: readonly RecoveryMode[] = ['resync', 'strict', 'salvage']

/** `holdfast repair DIRECTORY` */
export const repair: Command = {
  name: 'repair',
  summary:
    'Opens a buffer as an application would: cuts off an unfinished write, sets damaged parts aside, counts what is lost. No application may have it open.',
  positionals: ['DIRECTORY'],
  options: {
    'dry-run': { kind: 'flag', help: 'Only say what would be done. Works while an application has it open.' },
    mode: {
      kind: 'text',
      value: 'MODE',
      help: '`resync`: as opening does. `strict`: only open it if opening finds no damage. `salvage`: put damaged headers back as well, and keep what may never have been acknowledged; do this before anything else opens a damaged buffer. Default: resync.',
    },
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object.' },
  },
  examples: ['holdfast repair ./data/inbox --dry-run', 'holdfast repair ./data/inbox --mode salvage --dry-run'],
  async run(args, io) {
    const [directory = ''] = args.positionals
    const isDry = args.flag('dry-run')
    const recovery = modeOf(args)
    const options = { ...(await keysOf(args, io)), recovery }
    const progress = startProgress(io, 'repairing, bytes read:', undefined)
    // Whoever reads our output may be gone, which the result will tell.
    const fileSystem = countedReads(nodeFileSystem(), (read) => void progress.add(read).catch(() => {}))
    const open = isDry ? inspectDirectory : changeDirectory
    await using opened = await open(directory, { ...options, fileSystem }).finally(() => progress.end())
    const { report } = opened
    const { lost } = await opened.buffer.stats()
    if (args.flag('json')) await writeJson(io, { mode: recovery, dryRun: isDry, ...report, lost })
    else {
      await io.stdout.write(summaryOf(report, recovery, isDry))
      for (const { message } of report.warnings ?? []) await io.stdout.write(`${message}\n`)
      for (const hole of report.holes)
        await io.stdout.write(`newly found: ${counted(hole.lost, 'event')} lost, ${hole.from} to ${hole.to}\n`)
    }
    if (isDry && report.holes.length > 0)
      throw new FindingError(`${counted(lost, 'event')} ${lost === 1 ? 'is' : 'are'} lost.`)
  },
}

function summaryOf(
  { tornBytes, holes, salvaged = 0, warnings = [] }: OpenReport,
  recovery: RecoveryMode,
  isDry: boolean,
): string {
  const isLost = warnings.some(({ reason }) => reason.endsWith('_lost'))
  if (tornBytes === 0 && holes.length === 0 && salvaged === 0 && !isLost)
    return recovery === 'salvage'
      ? 'nothing to repair\n'
      : 'nothing to repair; what is in sealed segments was not read, `holdfast verify` reads everything\n'
  const torn = `${bytes(tornBytes)} of an unfinished write ${isDry ? 'would be cut off' : 'were cut off and set aside'}\n`
  const readable = `${counted(salvaged, 'record')} ${isDry ? 'can be made' : 'made'} readable again\n`
  return `${tornBytes > 0 ? torn : ''}${salvaged > 0 ? readable : ''}`
}

function modeOf(args: CliArguments): RecoveryMode {
  const asked = args.text('mode') ?? 'resync'
  const mode = modes.find((known) => known === asked)
  if (mode === undefined) throw new UsageError(`--mode takes ${modes.join(', ')}, got \`${asked}\`.`)
  return mode
}
