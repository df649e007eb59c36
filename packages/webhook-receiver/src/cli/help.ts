import type { CliOption, Command } from './command.ts'

/** The help of the whole command line. */
export function overview(commands: readonly Command[]): string {
  return [
    'Usage: holdfast <command> [options]',
    '',
    'Looks into the buffers of a webhook receiver, moves events in and out, sends webhooks, and stands before services.',
    '',
    'Commands:',
    ...columns(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    'Options:',
    ...columns([
      ['  --help', 'What a command does and takes.'],
      ['  --version', 'The version of the package.'],
    ]),
    '',
    'Every command that prints takes --json. Exit codes: 0 fine, 1 something was found or failed, 2 wrong usage.',
    '',
  ].join('\n')
}

/** The help of the commands that share a first word. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  return [
    `Usage: holdfast ${group} <command> [options]`,
    '',
    'Commands:',
    ...columns(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    'Options:',
    ...columns([['  --help', 'This text; after a command, what it does and takes.']]),
    '',
  ].join('\n')
}

/** The help of one command. */
export function commandHelp({ name, summary, positionals, options, examples }: Command): string {
  return [
    `Usage: holdfast ${[name, ...positionals].join(' ')} [options]`,
    '',
    summary,
    '',
    'Options:',
    ...columns([
      ...Object.entries(options).map(([option, details]): [string, string] => [
        `  ${optionLabel(option, details)}`,
        details.help,
      ]),
      ['  --help', 'This text.'],
    ]),
    ...(examples.length === 0 ? [] : ['', 'Examples:', ...examples.map((example) => `  ${example}`)]),
    '',
  ].join('\n')
}

function optionLabel(name: string, { kind, value, short }: CliOption): string {
  const long = kind === 'flag' ? `--${name}` : `--${name} ${value ?? 'VALUE'}`
  return short === undefined ? long : `-${short}, ${long}`
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2
  return rows.map(([label, text]) => label.padEnd(width) + text)
}
