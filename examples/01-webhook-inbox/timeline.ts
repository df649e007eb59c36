/** The story of one run, in milliseconds since the sender's first request. What comes late lasts no shorter for it. */
export const timeline = {
  steady: { perSecond: 40, untilMs: 22_000 },
  bursts: [
    { atMs: 3_000, events: 150 },
    { atMs: 7_000, events: 200 },
    { atMs: 18_000, events: 150 },
  ],
  /** SIGKILL while the second burst is coming in, and how long the application stays dead. */
  kill: { atMs: 7_150, forMs: 1_000 },
  /** The fulfilment handler is down for a deploy. */
  deploy: { atMs: 11_000, forMs: 3_000 },
  /** The other company's API answers 503. */
  outage: { atMs: 16_500, forMs: 3_500 },
  /** What the API allows: calls per window. */
  limit: { calls: 120, windowMs: 1_000 },
  /** Everything must be delivered by then; from then on the run counts as failed. */
  deadlineMs: 60_000,
} as const
