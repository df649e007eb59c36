import { describe, expect, test } from 'vitest'
import { fileSystemOf } from '../../src/disk/linux-file-systems.ts'

describe('fileSystemOf', () => {
  test.each([
    [0x6969, 'network', 'NFS'],
    [0xff534d42, 'network', 'CIFS'],
    [0xfe534d42, 'network', 'SMB2'],
    [0x65735546, 'network', 'FUSE'],
    [0x794c7630, 'volatile', 'overlayfs'],
    [0x01021994, 'volatile', 'tmpfs'],
    [0xef53, 'local', 'ext4'],
  ])('takes %i for a %s one, %s', (type, kind, name) => {
    expect(fileSystemOf(type)).toEqual({ kind, name })
    // As architectures give it whose field has a sign.
    expect(fileSystemOf(type | 0)).toEqual({ kind, name })
  })

  test('says the number of one that it does not know', () => {
    expect(fileSystemOf(0x1234)).toEqual({ kind: 'unknown', name: '0x1234' })
  })
})
