import { styleText } from 'node:util'

/** Text in a style where the terminal has styles; `NO_COLOR` and pipes get plain text. */
export function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

/** A number with thousands separators, right-aligned in `width`. */
export function count(value: number, width = 0): string {
  return value.toLocaleString('en-US').padStart(width)
}

/** A duration as people read it. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
