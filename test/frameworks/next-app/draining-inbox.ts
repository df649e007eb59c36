export { delivered, receiver } from '../programs/inbox.ts'
