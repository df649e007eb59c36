import type { HandshakeResponse, HandshakeValue } from '@holdfast/core'

/** Every value that an answer is made of, those inside of others included; literals of JSON are left out. */
export function answerValues({ headers = {}, body }: HandshakeResponse): readonly HandshakeValue[] {
  const members = body === undefined ? [] : 'json' in body ? Object.values(body.json) : [body]
  const values = members.filter((member): member is HandshakeValue => !('literal' in member))
  return [...Object.values(headers), ...values].flatMap(withParts)
}

function withParts(value: HandshakeValue): readonly HandshakeValue[] {
  return 'concat' in value ? [value, ...value.concat.flatMap(withParts)] : [value]
}
