// What the routes need of Next, which is installed only for its test.
declare module 'next/server' {
  export function after(task: () => unknown): void
}
