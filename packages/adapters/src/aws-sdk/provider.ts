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
    { url: 'https://github.com/smithy-lang/smithy-typescript', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/aws/aws-sdk-js-v3', verifiedAt: '2026-11-22' },
    { url: 'https://github.com/aws/aws-sdk-cpp', verifiedAt: '2026-11-22' },
    { url: 'https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/common-errors.html', verifiedAt: '2026-11-22' },
    {
      url: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html',
      verifiedAt: '2026-11-22',
    },
    {
      url: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html',
      verifiedAt: '2026-11-22',
    },
    {
      url: 'https://docs.aws.amazon.com/sdk-for-python/v1/reference/clients/dynamodb/errors/TransactionConflictException/',
      verifiedAt: '2026-11-22',
    },
    {
      url: 'https://docs.aws.amazon.com/sdk-for-python/v1/reference/clients/dynamodb/errors/TransactionInProgressException/',
      verifiedAt: '2026-11-22',
    },
    {
      url: 'https://docs.rs/aws-sdk-dynamodb/1.60.0/aws_sdk_dynamodb/types/error/struct.TransactionCanceledException.html',
      verifiedAt: '2026-11-22',
    },
    {
      url: 'https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/sfn/aws.sdk.kotlin.services.sfn.model/-service-quota-exceeded-exception',
      verifiedAt: '2026-11-22',
    },
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
        // DynamoDB: too many operations at once. The SDK counts it as throttling for every service.
        'LimitExceededException',
      ],
      400,
      { code: 'rate_limited' },
    ),
    named(['ServiceQuotaExceededException'], 402, {
      code: 'quota_exhausted',
      reason: 'plan',
    }),
    named(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'], 400, { code: 'token_expired' }),
    named(['RequestExpired', 'RequestTimeTooSkewed', 'RequestInTheFuture'], 400, {
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
        'IncompleteSignatureException',
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
        'ResourceInUseException',
      ],
      400,
      { code: 'conflict' },
    ),
    named(['TransactionInProgressException', 'TransactionConflictException', 'OperationAborted'], 400, {
      code: 'conflict',
      reason: 'locked',
      retryable: 'after',
    }),
    named(['ResourceNotFoundException', 'AWS.SimpleQueueService.NonExistentQueue', 'QueueDoesNotExist'], 400, {
      code: 'not_found',
      reason: 'resource',
    }),
    // S3 answers 400 when it waited too long for the request.
    named(['RequestTimeout', 'RequestTimeoutException'], 400, {
      code: 'timeout',
      reason: 'request',
      delivery: 'unknown',
    }),
  ],
}
