import { describe, expect, it } from 'vitest'
import { allCommands } from '../../src/cli/commands/all-commands.ts'
import { holdfast } from './cli-fixture.ts'

describe('holdfast', () => {
  it('lists every command, with the exit code of a mistake when none was given', async () => {
    const { code, stdout } = await holdfast([])
    expect(code).toBe(2)
    for (const { name, summary } of allCommands)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'))
    expect(await holdfast(['--help'])).toEqual({ code: 0, stdout, stderr: '' })
  })

  it('tells its version', async () => {
    expect((await holdfast(['--version'])).stdout).toBe('1.2.3\n')
  })

  it('has JSON for a program to read from every command', () => {
    expect(allCommands.filter(({ options }) => options['json']?.kind !== 'flag').map(({ name }) => name)).toEqual([])
  })

  it.each(allCommands.map(({ name }) => name))('explains `%s`, with an example that it takes', async (name) => {
    const command = allCommands.find((candidate) => candidate.name === name)
    const { code, stdout } = await holdfast([...name.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: holdfast ${name}`)
    for (const option of Object.keys(command?.options ?? {})) expect(stdout).toContain(`--${option}`)
    for (const example of command?.examples ?? []) expect(stdout).toContain(example)
    expect(await holdfast(['help', ...name.split(' ')])).toEqual({ code, stdout, stderr: '' })
  })

  it.each(['dead-letters', 'connector'])('explains the commands of `%s`', async (group) => {
    const { code, stdout, stderr } = await holdfast([group, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: holdfast ${group} <command>`)
    for (const { name, summary } of allCommands)
      expect(stdout.includes(`${name} `) && stdout.includes(summary)).toBe(name.startsWith(`${group} `))
    expect(await holdfast([group, '-h'])).toEqual({ code, stdout, stderr })
  })

  it.each([
    [['nonsense'], 'There is no command `nonsense`.'],
    [['dead-letters'], 'there are: `dead-letters list`, `dead-letters redrive`, `dead-letters purge`.'],
    [['inspect'], '`holdfast inspect` takes DIRECTORY; 0 came.'],
    [['inspect', 'a', 'b'], '`holdfast inspect` takes DIRECTORY; 2 came.'],
    [['inspect', 'a', '--colour'], "Unknown option '--colour'. `holdfast inspect` knows --"],
    [['tail', 'a', '-n', 'many'], '-n, --lines takes a number, got `many`.'],
    [['tail', 'a', '--lines', '-3'], "use '--lines=-XYZ'."],
    [['tail', 'a', '--from', 'then'], '--from takes a time such as'],
    [['replay', 'a'], '`holdfast replay` needs --url.'],
    [['replay', 'a', '--url', 'localhost:3000'], '--url takes an http:// or https:// URL, got `localhost:3000`.'],
    [['replay', 'a', '--url', 'http://me:secret@a.example'], '--url takes a URL without credentials.'],
    [['gateway', '--target', 'nowhere', '--buffer', '/nonexistent'], '`--target`'],
    [['gateway', '--buffer', 'b'], '`holdfast gateway` needs --target.'],
    [['export', 'a', '--format', 'xml'], '--format takes jsonl or csv'],
  ])('answers %j with a line that helps', async (args, message) => {
    const { code, stdout, stderr } = await holdfast(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
