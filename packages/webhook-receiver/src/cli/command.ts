import { InvalidOptionsError } from '@holdfast/core'
import { parseArgs } from 'node:util'
import { type CliIo, UsageError } from './cli-io.ts'

/** One option of a command. */
export interface CliOption {
  readonly kind: 'flag' | 'text' | 'number' | 'list'
  /** Placeholder in the help, for all but flags. */
  readonly value?: string
  readonly help: string
  readonly short?: string
}

/** What the arguments of a command are after parsing. */
export interface CliArguments {
  readonly positionals: readonly string[]
  flag(name: string): boolean
  text(name: string): string | undefined
  number(name: string): number | undefined
  list(name: string): readonly string[]
  /** @throws UsageError when it was not given. */
  required(name: string): string
}

/** A subcommand of `holdfast`. */
export interface Command {
  /** One or two words. */
  readonly name: string
  readonly summary: string
  /** Positionals as the usage line shows them. */
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, CliOption>>
  /** Lines for the end of its help. */
  readonly examples: readonly string[]
  run(args: CliArguments, io: CliIo): Promise<void>
}

/**
 * Parses the arguments of a command.
 *
 * @throws UsageError for an unknown or malformed option, or a wrong number of positionals.
 */
export function parseArguments(command: Command, args: readonly string[]): CliArguments {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
        multiple: kind === 'list',
        ...(short === undefined ? {} : { short }),
      },
    ]),
  )
  const { values, positionals } = parse(command, args, options)
  const [least, most] = positionalBounds(command.positionals)
  if (positionals.length < least || positionals.length > most)
    throw new UsageError(
      `\`holdfast ${command.name}\` takes ${command.positionals.join(' ') || 'no arguments'}; ${positionals.length} came.`,
    )
  const text = (name: string): string | undefined => values[name] as string | undefined
  return {
    positionals,
    flag: (name) => values[name] === true,
    text,
    number(name) {
      const given = text(name)
      if (given === undefined) return undefined
      const value = given.trim() === '' ? Number.NaN : Number(given)
      if (Number.isNaN(value)) throw new UsageError(`${optionNames(name, command)} takes a number, got \`${given}\`.`)
      return value
    },
    list: (name) => (values[name] as readonly string[] | undefined) ?? [],
    required(name) {
      const given = text(name)
      if (given === undefined) throw new UsageError(`\`holdfast ${command.name}\` needs --${name}.`)
      return given
    },
  }
}

/** An option as it may have been written: `-n, --lines`. */
function optionNames(name: string, { options }: Command): string {
  const short = options[name]?.short
  return short === undefined ? `--${name}` : `-${short}, --${name}`
}

function parse(
  { name, options: known }: Command,
  args: readonly string[],
  options: NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>,
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // Of several lines the first says what is wrong, and the last how it is written.
    const [first = '', ...more] = error instanceof Error ? error.message.split('\n') : [String(error)]
    const message = [first.split('. ')[0] ?? '', ...more.slice(-1)].join(' ')
    const isUnknown = (error as { readonly code?: unknown }).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
    const names = isUnknown
      ? ` \`holdfast ${name}\` knows ${Object.keys(known)
          .map((option) => `--${option}`)
          .join(', ')}.`
      : ''
    throw new UsageError(`${message.replace(/\.$/, '')}.${names}`)
  }
}

/** `[name]` may be left out, `name...` may come more than once. */
function positionalBounds(positionals: readonly string[]): readonly [number, number] {
  const required = positionals.filter((name) => !name.startsWith('[')).length
  return [required, positionals.some((name) => name.includes('...')) ? Infinity : positionals.length]
}

/** An error of an option of the library as a mistake of the user. */
export function asUsageError(error: unknown): unknown {
  return error instanceof InvalidOptionsError ? new UsageError(error.message) : error
}

/** An error of an option of the library with the name that was typed for it, as a mistake of the user; any other error as it is. */
export function byTypedName(error: unknown, names: Readonly<Record<string, string | undefined>>): unknown {
  const typed = error instanceof InvalidOptionsError ? names[error.path] : undefined
  if (typed === undefined) return error
  const { path, message } = error as InvalidOptionsError
  return new UsageError(message.replace(`\`${path}\``, `\`${typed}\``))
}
