import { remoteReceiver } from '../programs/remote-receiver.ts'

/** The receiver of the test. */
export const receiver = remoteReceiver(process.env.RECEIVER_URL ?? '')
