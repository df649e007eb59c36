import type { Connector, ErrorRule } from '@holdfast/core'

const named = (codes: readonly [string, ...string[]], status: number, then: ErrorRule['then']): ErrorRule => ({
  when: { pointer: '/code', in: codes },
  then,
  example: { status, body: { code: codes[0], message: 'No.' } },
})

/** AWS as far as its errors differ from what their status says. The services share these names. */
export const provider: Connector = {
  id: 'aws',
  name: 'AWS',
  sources: [
    { url: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html', verifiedAt: '2026-11-22' },
    { url: 'https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html', verifiedAt: '2026-11-22' },
    { url: 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html', verifiedAt: '2026-11-22' },
  ],
  http: { requestIdHeader: 'x-amzn-requestid' },
  errors: [
    named(
      [
        'ThrottlingException',
        'Throttling',
        'ThrottledException',
        'RequestThrottledException',
        'RequestThrottled',
        'TooManyRequestsException',
        'ProvisionedThroughputExceededException',
        'BandwidthLimitExceeded',
        'RequestLimitExceeded',
        'PriorRequestNotComplete',
        'EC2ThrottledException',
        'SlowDown',
        // Some services mean a quota; the SDK repeats it as well.
        'LimitExceededException',
      ],
      400,
      { code: 'rate_limited' },
    ),
    named(['ServiceQuotaExceededException'], 400, {
      code: 'quota_exhausted',
      reason: 'plan',
    }),
    named(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'], 400, { code: 'token_expired' }),
    named(['RequestExpired', 'RequestTimeTooSkewed', 'RequestInTheFuture'], 403, {
      code: 'configuration_error',
      reason: 'clock_skew',
      delivery: 'answered',
    }),
    named(
      [
        'InvalidClientTokenId',
        'UnrecognizedClientException',
        'InvalidAccessKeyId',
        'SignatureDoesNotMatch',
        'InvalidSignatureException',
        'IncompleteSignature',
        'AuthFailure',
        'MissingAuthenticationToken',
        'MissingAuthenticationTokenException',
      ],
      403,
      { code: 'app_credentials_invalid' },
    ),
    named(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'OptInRequired'], 403, {
      code: 'permission_denied',
    }),
    named(
      [
        'ConditionalCheckFailedException',
        'TransactionCanceledException',
        'PreconditionFailed',
        'OperationAborted',
        'ResourceInUseException',
      ],
      400,
      { code: 'conflict' },
    ),
    named(['TransactionInProgressException', 'TransactionConflictException'], 400, {
      code: 'conflict',
      reason: 'locked',
      retryable: 'after',
    }),
    named(['ResourceNotFoundException', 'AWS.SimpleQueueService.NonExistentQueue', 'QueueDoesNotExist'], 400, {
      code: 'not_found',
      reason: 'resource',
    }),
    // S3 answers 400 to an upload that came too slowly.
    named(['RequestTimeout', 'RequestTimeoutException'], 400, {
      code: 'timeout',
      reason: 'request',
      delivery: 'unknown',
    }),
  ],
}
