import { isIntegrationError } from '@holdfast/core'
import { type CliIo, FindingError, UsageError } from './cli-io.ts'
import { asUsageError, type Command, parseArguments } from './command.ts'
import { commandHelp, groupHelp, overview } from './help.ts'

/** Runs a command line and returns its exit code: 0 fine, 1 failed or found something, 2 wrong usage. Never throws. */
export async function runCli(
  given: readonly string[],
  io: CliIo,
  commands: readonly Command[],
  version: string,
): Promise<number> {
  try {
    const argv = given[0] === 'help' && given.length > 1 ? [...given.slice(1), '--help'] : given
    const [first, second] = argv
    if (first === undefined || isHelp(first) || first === 'help') {
      await io.stdout.write(overview(commands))
      return first === undefined ? 2 : 0
    }
    if (first === '--version' || first === '-v') {
      await io.stdout.write(`${version}\n`)
      return 0
    }
    const group = groupOf(commands, first)
    if (group.length > 0 && second !== undefined && isHelp(second)) {
      await io.stdout.write(groupHelp(first, group))
      return 0
    }
    const { command, args } = findCommand(commands, argv)
    if (args.some(isHelp)) {
      await io.stdout.write(commandHelp(command))
      return 0
    }
    await command.run(parseArguments(command, args), io)
    return 0
  } catch (error) {
    return report(asUsageError(error), io)
  }
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h'
}

/** The commands of two words that begin with `word`. */
function groupOf(commands: readonly Command[], word: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${word} `))
}

function findCommand(
  commands: readonly Command[],
  argv: readonly string[],
): { command: Command; args: readonly string[] } {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ')
    const command = commands.find((candidate) => candidate.name === name)
    if (command !== undefined) return { command, args: argv.slice(words) }
  }
  const [first = ''] = argv
  const subcommands = groupOf(commands, first).map(({ name }) => `\`${name}\``)
  if (subcommands.length > 0)
    throw new UsageError(`\`holdfast ${first}\` is no command by itself; there are: ${subcommands.join(', ')}.`)
  throw new UsageError(`There is no command \`${first}\`. \`holdfast --help\` lists them all.`)
}

async function report(error: unknown, io: CliIo): Promise<number> {
  // Whoever reads our output has gone, as `head` does.
  if ((error as { readonly code?: unknown } | null)?.code === 'EPIPE') return 0
  if (io.signal.aborted && error === io.signal.reason) return 130
  if (error instanceof UsageError) {
    await io.stderr.write(`holdfast: ${error.message}\n`)
    return 2
  }
  // What the system refuses, such as a port that is taken, is explained by its message.
  const isOfSystem = error instanceof Error && 'syscall' in error
  const isExpected = error instanceof FindingError || isIntegrationError(error) || isOfSystem
  const text = isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  await io.stderr.write(`holdfast: ${text}\n`).catch(() => {})
  return 1
}
