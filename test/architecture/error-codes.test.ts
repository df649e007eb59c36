import { errorCodes } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { readModules } from './source-modules.ts'

/** Codes of capabilities that are still to come. The list only gets shorter: a code that is produced must leave it. */
const reserved: readonly string[] = ['connection_unusable']

describe('errorCodes', () => {
  it('holds only codes that something produces, or that are reserved', () => {
    const texts = readModules('packages/*/src/**/*.ts')
      .filter(({ path }) => !path.endsWith('/errors/codes.ts'))
      .map(({ text }) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))
    const produced = Object.keys(errorCodes).filter((code) => texts.some((text) => text.includes(`'${code}'`)))
    const unproduced = Object.keys(errorCodes).filter((code) => !produced.includes(code))
    expect(unproduced.sort()).toEqual([...reserved].sort())
  })
})
