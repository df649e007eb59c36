// What we use of jose, in a file of its own: who verifies no JWT never loads it, and a bundler keeps no more of it.
export { decodeProtectedHeader, exportSPKI, importJWK, importSPKI, importX509, jwtVerify } from 'jose'
export type { CryptoKey, JWTVerifyOptions } from 'jose'
