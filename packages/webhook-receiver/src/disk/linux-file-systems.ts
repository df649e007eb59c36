import type { Volume } from './file-system.ts'

/** Numbers of file systems as Linux has them in `linux/magic.h` and in the sources of those that are not part of it. */
const KNOWN: Readonly<Record<number, readonly [Volume['kind'], string]>> = {
  0x6969: ['network', 'NFS'],
  0x517b: ['network', 'SMB'],
  0xff534d42: ['network', 'CIFS'],
  0xfe534d42: ['network', 'SMB2'],
  0x65735546: ['network', 'FUSE'],
  0x01021997: ['network', '9P'],
  0x5346414f: ['network', 'AFS'],
  0x6b414653: ['network', 'AFS'],
  0x73757245: ['network', 'Coda'],
  0x00c36400: ['network', 'Ceph'],
  0x0bd00bd0: ['network', 'Lustre'],
  0x01161970: ['network', 'GFS2'],
  0x7461636f: ['network', 'OCFS2'],
  0x47504653: ['network', 'GPFS'],
  0x19830326: ['network', 'BeeGFS'],
  0x786f4256: ['network', 'VirtualBox shared folder'],
  0xbacbacbc: ['network', 'VMware shared folder'],
  0x794c7630: ['volatile', 'overlayfs'],
  0x01021994: ['volatile', 'tmpfs'],
  0x858458f6: ['volatile', 'ramfs'],
  0xef53: ['local', 'ext4'],
  0x58465342: ['local', 'XFS'],
  0x9123683e: ['local', 'Btrfs'],
  0x2fc12fc1: ['local', 'ZFS'],
  0xf2f52010: ['local', 'F2FS'],
  0xca451a4e: ['local', 'bcachefs'],
}

/** What is known of a file system by its number; unknown ones are taken for local. */
export function fileSystemOf(type: number): Pick<Volume, 'kind' | 'name'> {
  // The number is signed on some architectures.
  const [kind, name] = KNOWN[type >>> 0] ?? ['unknown', `0x${(type >>> 0).toString(16)}`]
  return { kind, name }
}
