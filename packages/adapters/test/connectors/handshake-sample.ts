/** A connector with every kind of handshake, condition and answer. */
export const handshakeSample = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  webhook: {
    verify: [
      {
        scheme: 'hmac',
        hash: 'sha256',
        encoding: 'hex',
        secret: { encoding: 'utf8' },
        signature: { from: 'header', name: 'x-signature' },
        message: [{ part: 'timestamp', after: '.' }, { part: 'body' }],
        timestamp: { from: 'header', name: 'x-timestamp', format: 'epoch_s' },
      },
    ],
    batch: { pointer: '/events', json: true },
    eventId: { from: 'body', pointer: '/id', signed: true, with: [{ from: 'body', pointer: '/type' }] },
    occurredAt: { from: 'body', pointer: '/time', signed: true, format: 'epoch_s' },
    ack: { status: 202, contentType: 'text/plain', body: 'ok', echo: ['x-client'] },
    refuse: { status: 498, body: '' },
    handshakes: [
      {
        name: 'echo',
        when: [
          { method: 'GET' },
          { from: 'query', name: 'challenge' },
          { from: 'header', name: 'x-signature', absent: true },
        ],
        challenge: { from: 'query', name: 'challenge', alphabet: 'A-Za-z0-9-', maxLength: 40 },
        respond: {
          status: 200,
          contentType: 'text/plain',
          headers: { 'x-challenge': { value: 'challenge' } },
          body: { value: 'challenge' },
        },
        examples: [
          {
            source: 'test',
            request: { method: 'GET', url: 'https://acme.example/?challenge=1', headers: { a: 'b' }, body: '' },
            secret: 'secret',
            verifyToken: 'token',
            publicKey: 'key',
            keys: { id: 'key' },
            receivedAt: 1,
            response: { status: 200, headers: { a: 'b' }, body: '1' },
          },
        ],
      },
      {
        name: 'proof',
        when: [{ onlyMembers: ['challenge'] }],
        verified: true,
        store: true,
        confirm: { pointer: '/url', hosts: ['hooks.*.acme.example'] },
        challenge: { from: 'body', pointer: '/challenge', alphabet: 'A-Z', maxLength: 40 },
        verifyToken: { from: 'body', pointer: '/token' },
        secret: { from: 'header', name: 'x-secret' },
        respond: {
          status: 200,
          body: {
            json: {
              challenge: { value: 'challenge' },
              type: { literal: 1 },
              hmac: { hmac: { hash: 'sha256', encoding: 'base64', prefix: 'sha256=' } },
              digest: {
                concat: [
                  { literal: 'a' },
                  { value: 'publicKey' },
                  { digest: { hash: 'sha256', encoding: 'hex', of: ['challenge', 'verifyToken', 'url'] } },
                ],
              },
            },
          },
        },
        examples: [
          { source: 'test', request: { url: 'https://acme.example/' }, response: { status: 200, body: '{}' } },
        ],
      },
    ],
  },
}
