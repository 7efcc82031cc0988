// SPDX-License-Identifier: Apache-2.0
import { Nil } from '../format/go-template/values.ts'

const nil = { list: new Nil('list'), map: new Nil('map'), pointer: new Nil('pointer') }

/** Fields that one kind of object leaves out, or sends as null, when they are empty. */
interface Kind {
  /** A key that only this kind of object has. */
  readonly mark: string
  readonly empty: Readonly<Record<string, unknown>>
}

function kind(
  mark: string,
  names: { list?: string; map?: string; pointer?: string; text?: string; flag?: string },
): Kind {
  const of = (value: unknown, words = '') =>
    words === '' ? [] : words.split(' ').map((name) => [name, value] as const)
  return {
    mark,
    empty: Object.fromEntries([
      ...of(nil.list, names.list),
      ...of(nil.map, names.map),
      ...of(nil.pointer, names.pointer),
      ...of('', names.text),
      ...of(false, names.flag),
    ]),
  }
}

const kinds: readonly Kind[] = [
  kind('NetworkMode', {
    list:
      'Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeightDevice CapAdd ' +
      'CapDrop DeviceCgroupRules DeviceRequests Devices Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links MaskedPaths ' +
      'Mounts ReadonlyPaths SecurityOpt Ulimits VolumesFrom',
    map: 'Annotations PortBindings StorageOpt Sysctls Tmpfs',
    pointer: 'Init MemorySwappiness OomKillDisable PidsLimit',
    text: 'Runtime',
  }),
  kind('WorkingDir', {
    list: 'Cmd Entrypoint Env OnBuild Shell',
    map: 'ExposedPorts Labels Volumes',
    pointer: 'Healthcheck StopTimeout',
    text: 'MacAddress StopSignal',
    flag: 'ArgsEscaped NetworkDisabled',
  }),
  kind('OOMKilled', { pointer: 'Health' }),
  kind('HostConfig', { list: 'Args ExecIDs Mounts', pointer: 'ImageManifestDescriptor SizeRootFs SizeRw' }),
  kind('RootFS', { list: 'Manifests RepoDigests RepoTags', pointer: 'Config Descriptor', text: 'OsVersion Variant' }),
  kind('SandboxKey', { list: 'SecondaryIPAddresses SecondaryIPv6Addresses', map: 'Networks Ports' }),
  kind('NetworkID', { list: 'Aliases DNSNames Links', map: 'DriverOpts', pointer: 'IPAMConfig' }),
  kind('Destination', { text: 'Driver Name' }),
  kind('Mountpoint', { map: 'Labels Options Status', pointer: 'UsageData', text: 'CreatedAt' }),
  kind('IPAM', { map: 'Containers Labels Options' }),
]

/**
 * What a template sees for a key that an inspected object does not hold, or holds as null: the same key in the case
 * the wire uses (`.ID` for `Id`, `.HostConfig.NanoCPUs` for `NanoCpus`), or the empty value of a field that replies
 * leave out. Templates are written for the original's types, where such a field is always there. Undefined when the
 * object can have no such field.
 */
export function missingField(map: Record<string, unknown>, name: string): unknown {
  if (/^[A-Z]/.test(name)) {
    const folded = name.toLowerCase()
    const key = Object.keys(map).find((other) => other !== name && other.toLowerCase() === folded)
    if (key !== undefined) return map[key]
  }
  const known = kinds.find(({ mark, empty }) => Object.hasOwn(map, mark) && Object.hasOwn(empty, name))
  return known?.empty[name]
}
