import { describe, expect, it } from 'vitest'
import { lineDifference } from '../../scripts/line-difference.ts'

describe('lineDifference', () => {
  it('is empty for equal texts', () => {
    expect(lineDifference('a\nb\n', 'a\nb\n')).toBe('')
  })

  it('names the line that changed, before and after', () => {
    expect(lineDifference('a\nb\nc', 'a\nx\nc')).toBe('    2 - b\n    2 + x')
  })

  it('names only what was added or removed', () => {
    expect(lineDifference('a\nc', 'a\nb\nc\nd')).toBe('    2 + b\n    4 + d')
    expect(lineDifference('a\nb\nc', 'c')).toBe('    1 - a\n    2 - b')
  })
})
