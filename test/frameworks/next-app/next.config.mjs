// `next-server.ts` says where the packages are bundled.
const config = {
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: process.env.TURBOPACK_ROOT, resolveAlias: JSON.parse(process.env.BUNDLED ?? '{}') },
}

// oxlint-disable-next-line import/no-default-export -- Next looks for it
export default config
