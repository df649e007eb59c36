import type { Connector } from '@holdfast/core'
import { lintConnector } from '../../lint/lint-connector.ts'
import { FindingError, UsageError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { readConnectorFile } from '../connector-file.ts'
import { counted, printable, writeJson } from '../output.ts'

/** `holdfast connector lint FILE...` */
export const connectorLint: Command = {
  name: 'connector lint',
  summary:
    'Checks connectors: their form, whether every vector verifies and every example is judged as it says, and whether the sources are old. Makes no network call.',
  positionals: ['FILE...'],
  options: {
    'max-age-days': {
      kind: 'number',
      value: 'N',
      help: 'Age from which a source is worth reading again. Default: 400.',
    },
    json: { kind: 'flag', help: 'One JSON object for each finding.' },
  },
  examples: ['holdfast connector lint ./connectors/acme.json'],
  async run(args, io) {
    const maxAgeDays = args.number('max-age-days')
    if (maxAgeDays !== undefined && !(maxAgeDays > 0))
      throw new UsageError(`--max-age-days takes a number above 0, got \`${maxAgeDays}\`.`)
    let errors = 0
    for (const file of args.positionals) {
      const connector = await readConnectorFile(file)
      const findings = await lintConnector(connector, {
        clock: io.clock,
        ...(maxAgeDays === undefined ? {} : { maxAgeDays }),
      })
      errors += findings.filter(({ severity }) => severity === 'error').length
      for (const finding of findings) {
        if (args.flag('json')) await writeJson(io, { file, ...finding })
        else
          await io.stdout.write(`${file}: ${finding.severity}: ${printable(`${finding.path}: ${finding.message}`)}\n`)
      }
      if (findings.length === 0 && !args.flag('json'))
        await io.stdout.write(`${file}: ${praise(connector as Connector)}\n`)
    }
    if (errors > 0) throw new FindingError(`${counted(errors, 'error')}.`)
  },
}

function praise({ id, webhook, errors = [], rateLimits = [] }: Connector): string {
  const schemes = webhook?.verify ?? []
  const vectors = schemes.reduce((sum, scheme) => sum + ('vectors' in scheme ? (scheme.vectors?.length ?? 0) : 0), 0)
  const facts = [
    `${schemes.length} schemes`,
    `${vectors} vectors`,
    `${errors.length} error rules`,
    `${rateLimits.length} limits`,
  ]
  return `${printable(id)} is fine: ${facts.join(', ')}`
}
