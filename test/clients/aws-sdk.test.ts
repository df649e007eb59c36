import { S3Client, PutObjectCommand } from '@aws-sdk/client-s3'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { toIntegrationError } from '@holdfast/adapters/aws-sdk'
import { describe, expect, it } from 'vitest'
import { canary, type ClientCall, caught, describeClient, expectNoCanary } from './client-cases.ts'
import { answering, failingServer } from './failing-server.ts'

const settings = ({ url, timeoutMs }: Pick<ClientCall, 'url' | 'timeoutMs'>) => ({
  endpoint: url,
  region: 'eu-west-1',
  credentials: { accessKeyId: canary, secretAccessKey: canary, sessionToken: canary },
  maxAttempts: 1,
  requestHandler: { requestTimeout: timeoutMs, throwOnRequestTimeout: true },
})

const send = ({ url, timeoutMs, signal }: ClientCall): Promise<unknown> =>
  new SQSClient(settings({ url, timeoutMs })).send(
    new SendMessageCommand({ QueueUrl: `${url}/1/queue?key=${canary}`, MessageBody: canary }),
    { abortSignal: signal },
  )

const put = ({ url, timeoutMs, signal }: ClientCall): Promise<unknown> =>
  new S3Client({ ...settings({ url, timeoutMs }), forcePathStyle: true }).send(
    new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Body: canary, Metadata: { secret: canary } }),
    { abortSignal: signal },
  )

describeClient({
  name: 'the AWS SDK (SQS, JSON)',
  call: send,
  toIntegrationError,
  body: (message) => ({ __type: 'com.amazonaws.sqs#SomeException', message }),
})

describeClient({
  name: 'the AWS SDK (S3, XML)',
  call: put,
  toIntegrationError,
  differs: { 'a page with 200': 'skip', 'a truncated body': 'skip' },
})

describe('toIntegrationError of AWS', () => {
  const call = { timeoutMs: 5_000, signal: new AbortController().signal }

  it.each([
    ['ThrottlingException', 400, { code: 'rate_limited' }],
    ['ExpiredTokenException', 400, { code: 'token_expired' }],
    ['AccessDeniedException', 400, { code: 'permission_denied' }],
    ['UnrecognizedClientException', 400, { code: 'app_credentials_invalid' }],
  ])('reads %s', async (type, status, expected) => {
    const body = JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: 'No.' })
    const url = await failingServer(answering(status, { 'x-amzn-requestid': 'req-1' }, body))
    expect(toIntegrationError(await caught(send({ ...call, url })))).toMatchObject({
      ...expected,
      delivery: 'answered',
      integration: 'aws',
      upstream: { status, code: type, requestId: 'req-1' },
    })
  })

  it('reads the XML of S3, and of a wrong signature only the first line', async () => {
    const detail = `The signature does not match.\n\nThe Canonical String was\nx-amz-meta-note:hush`
    const body = `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>${detail}</Message></Error>`
    const url = await failingServer(answering(403, { 'content-type': 'application/xml' }, body))
    const described = toIntegrationError(await caught(put({ ...call, url })))
    expect(described).toMatchObject({
      code: 'app_credentials_invalid',
      upstream: { code: 'SignatureDoesNotMatch', message: 'The signature does not match.' },
    })
    expectNoCanary(described)
    expect(JSON.stringify(described)).not.toContain('hush')
  })

  it('knows that there are no credentials', async () => {
    const credentials = (): Promise<never> =>
      Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' }))
    const client = new SQSClient({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', credentials })
    const error = await caught(client.send(new SendMessageCommand({ QueueUrl: 'http://q', MessageBody: 'm' })))
    expect(toIntegrationError(error)).toMatchObject({ code: 'configuration_error', delivery: 'not_sent' })
  })
})
