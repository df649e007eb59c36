import type { UrlVariant } from '@holdfast/core'
import { decodePercent, parseForm } from './form-pairs.ts'
import { byteString, byteStringText } from './encoding.ts'
import { joinUrl, splitUrl, type UrlPieces } from './request-url.ts'

/**
 * Every spelling of a URL that the variants give, the one that came first. Each variant is applied to all spellings before it,
 * so that they combine.
 */
export function spellUrl(url: string, variants: readonly UrlVariant[]): readonly string[] {
  let spellings: readonly string[] = [url]
  for (const variant of variants) {
    spellings = [...new Set([...spellings, ...spellings.map(respell[variant])])]
  }
  return spellings
}

const respell: Readonly<Record<UrlVariant, (url: string) => string>> = {
  with_default_port: (url) =>
    change(url, ({ scheme, port }) => ({ port: port === '' ? (defaultPorts[scheme.toLowerCase()] ?? '') : port })),
  without_port: (url) => change(url, () => ({ port: '' })),
  without_credentials: (url) => change(url, () => ({ credentials: '' })),
  normalized: (url) => (URL.canParse(url) ? new URL(url).href : url),
  legacy_query: (url) => change(url, ({ query }) => ({ query: rewriteQuery(query) })),
  percent_decoded: (url) =>
    change(url, ({ path, query }) => ({ path: decodeReserved(path), query: decodeReserved(query) })),
  encode_uri: (url) => change(url, ({ path, query }) => ({ path: encodePath(path), query: encodeQuery(query) })),
}

const defaultPorts: Readonly<Record<string, string>> = { 'https://': ':443', 'http://': ':80' }

function change(url: string, changes: (pieces: UrlPieces) => Partial<UrlPieces>): string {
  const pieces = splitUrl(url)
  return joinUrl({ ...pieces, ...changes(pieces) })
}

/** What `querystring.stringify(querystring.parse(…))` gives: values of one name together, everything encoded anew. */
function rewriteQuery(query: string): string {
  if (query.length < 2) return query
  const byName: Record<string, string[]> = Object.create(null)
  for (const [name, value] of parseForm(byteString(query.slice(1)))) (byName[name] ??= []).push(value)
  const items = Object.entries(byName).flatMap(([name, values]) =>
    values.map((value) => `${encodeBytes(name)}=${encodeBytes(value)}`),
  )
  return `?${items.join('&')}`
}

const RESERVED = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

function decodeReserved(text: string): string {
  return text.replace(RESERVED, decodePercent)
}

function encodePath(path: string): string {
  return encodeURI(wellFormed(path))
}

/** The query as one value, then as a part of a URL: its escapes are escaped twice. */
function encodeQuery(query: string): string {
  return query.length < 2 ? '' : `?${encodeURI(encodeURIComponent(wellFormed(query.slice(1))))}`
}

/** The text that the URL's bytes are; without lone surrogates, which cannot be encoded. */
function wellFormed(text: string): string {
  return byteStringText(byteString(text))
}

function encodeBytes(bytes: string): string {
  return encodeURIComponent(byteStringText(bytes))
}
